"""Incidents: what must not happen and did. What an open one of kind `poison` names is set aside by the executors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("incidents")

Resolution = Literal["continued", "cancelled"]


@dataclass(frozen=True, slots=True)
class Filter:
    """None means any. `packs`: only what belongs to these, and what runs for `identity`."""

    is_open: bool | None = None
    kind: str | None = None
    workflow_run: int | None = None
    packs: tuple[str, ...] | None = None
    identity: int | None = None


async def open_(connection: Connection, kind: str, subject: str, detail: dict[str, Any]) -> tuple[int, bool]:
    """The id of the open incident of that kind and subject, and whether it is a new one."""
    row = await connection.fetchrow(_SQL.open, kind, subject, detail)
    assert row is not None
    return row["id"], row["opened"]


async def page(connection: Connection, before: int | None, wanted: Filter, limit: int) -> list[Row]:
    """Newest first, only ids below `before`. `kept`: how many messages wait for it to be resolved."""
    packs = None if wanted.packs is None else list(wanted.packs)
    return await connection.fetch(
        _SQL.page, before, wanted.is_open, wanted.kind, wanted.workflow_run, packs, wanted.identity, limit
    )


async def get(connection: Connection, incident: int) -> Row | None:
    """As in a page, with `detail`."""
    return await connection.fetchrow(_SQL.get, incident)


async def lock(connection: Connection, incident: int) -> Row | None:
    return await connection.fetchrow(_SQL.lock, incident)


async def resolve(connection: Connection, incident: int, resolution: Resolution, by: int | None, note: str) -> None:
    await connection.execute(_SQL.resolve, incident, resolution, by, note)


async def open_count(connection: Connection) -> int:
    return int(await connection.fetchval(_SQL.open_count))
