"""Packs and their files as stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, Row
from attune_core.expressions.markers import encode

_SQL = queries.load("packs")


@dataclass(frozen=True, slots=True)
class PackRow:
    """A pack as it is to be stored; `config` are the values that `conf_schema` describes, secrets as `Secret`."""

    ref: str
    label: str
    description: str
    version: str
    digest: str
    manifest: Mapping[str, Any]
    conf_schema: Mapping[str, Any] | None
    config: Mapping[str, Any]


async def get(connection: Connection, ref: str) -> Row | None:
    return await connection.fetchrow(_SQL.get, ref)


async def lock(unit: Connection, ref: str) -> None:
    """Keep others from changing this pack (which need not exist) until the unit ends."""
    await unit.execute(_SQL.lock, ref)


async def page(
    connection: Connection, after: str | None, limit: int, packs: Sequence[str] | None = None
) -> list[Row]:
    """By ref. `packs`: these alone."""
    return await connection.fetch(_SQL.page, after, limit, None if packs is None else list(packs))


async def refs(connection: Connection) -> frozenset[str]:
    """The refs of all registered packs."""
    return frozenset(row["ref"] for row in await connection.fetch(_SQL.refs))


async def contents(connection: Connection, pack: int) -> dict[str, list[str]]:
    """The refs of the pack's actions, workflows, triggers and rules, sorted."""
    found: dict[str, list[str]] = {"actions": [], "workflows": [], "triggers": [], "rules": []}
    for row in await connection.fetch(_SQL.contents, pack):
        found[row["kind"]].append(row["ref"])
    return found


async def put(unit: Connection, pack: PackRow, archive: bytes) -> Row:
    """Store the pack and its archive, replacing an older version; the stored row."""
    await unit.execute(_SQL.put_content, pack.digest, archive)
    config, places = encode(dict(pack.config))
    row = await unit.fetchrow(
        _SQL.put, pack.ref, pack.label, pack.description, pack.version, pack.digest,
        dict(pack.manifest), pack.conf_schema, config, places or None,
    )  # fmt: skip
    await unit.execute(_SQL.forget_old_content)
    assert row is not None
    return row


async def set_config(unit: Connection, ref: str, config: Mapping[str, Any]) -> None:
    """`config` holds its secrets as `Secret`."""
    json, places = encode(dict(config))
    await unit.execute(_SQL.set_config, ref, json, places or None)


async def content(connection: Connection, digest: str) -> bytes | None:
    """The archive (tar.gz) of that content digest."""
    archive: bytes | None = await connection.fetchval(_SQL.content, digest)
    return archive


async def live_executions(connection: Connection, ref: str) -> list[Row]:
    """Up to 50 executions (id, action_ref, status) of the pack's actions that have not ended."""
    return await connection.fetch(_SQL.live_executions, ref)


async def delete(unit: Connection, ref: str) -> bool:
    """Remove the pack with everything it brought; False when there is none."""
    digest = await unit.fetchval(_SQL.delete, ref)
    if digest is None:
        return False
    await unit.execute(_SQL.delete_content, digest)
    return True
