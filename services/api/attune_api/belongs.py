"""Which packs, and whom, the thing belongs to that a request is about: asked only for callers with roles on packs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request

from attune_common.store import belongs
from attune_common.store.connection import Connection, Row
from attune_core.model.names import pack_of


@dataclass(frozen=True, slots=True)
class Belonging:
    """A role on any of the packs counts. `identity`: whose it is, if it is somebody's.

    `brought`: it is something that a pack brings, and not what was done with that.
    """

    packs: frozenset[str]
    identity: int | None = None
    brought: bool = False


Resolver = Callable[[Request, Connection], Awaitable[Belonging | None]]
"""None: there is no such thing."""

_BIGGEST = 2**63


def by_ref(parameter: str = "ref") -> Resolver:
    """The part of a ref before the first dot."""

    async def resolve(request: Request, _: Connection) -> Belonging | None:
        return Belonging(frozenset({pack_of(request.path_params[parameter])}), brought=True)

    return resolve


def _by_id(look: Callable[[Connection, int], Awaitable[Row | None]]) -> Resolver:
    async def resolve(request: Request, connection: Connection) -> Belonging | None:
        text = request.path_params["id"]
        if not (text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) < _BIGGEST):
            return None
        row = await look(connection, int(text))
        return None if row is None else Belonging(frozenset(map(pack_of, row["refs"])), row["identity"])

    return resolve


execution = _by_id(belongs.execution)
"""Its own pack, that of the execution it was started by, and whoever it runs for."""

run = _by_id(belongs.run)
event = _by_id(belongs.event)
enforcement = _by_id(belongs.enforcement)
incident = _by_id(belongs.incident)
