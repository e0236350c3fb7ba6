"""Secrets as they are stored: sealed. Nothing here can open one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from attune_common.store import queries
from attune_common.store.connection import Connection, Row
from attune_common.vault.envelope import Sealed

_SQL = queries.load("secrets")


@dataclass(frozen=True, slots=True)
class Owned:
    """A sealed value that has no name of its own: it goes with its execution, its pack or its event."""

    sealed: Sealed
    execution: int | None = None
    pack: int | None = None
    event: int | None = None


async def put(
    unit: Connection, sealed: Sealed, description: str | None = None, readers: Sequence[str] | None = None
) -> Row:
    """The stored row without the value, with `made`. What is None stays as it is."""
    given = None if readers is None else list(readers)
    row = await unit.fetchrow(
        _SQL.put, sealed.key, description, given, sealed.master_key, sealed.wrapped, sealed.sealed
    )
    assert row is not None
    return row


async def describe(unit: Connection, key: str, description: str | None, readers: Sequence[str] | None) -> Row | None:
    """Change what is said of a secret, not its value. None when there is none."""
    return await unit.fetchrow(_SQL.describe, key, description, None if readers is None else list(readers))


async def insert(unit: Connection, owned: Sequence[Owned]) -> None:
    """Add, or replace those of the same key."""
    if owned:
        await unit.execute(
            _SQL.insert,
            [one.sealed.key for one in owned],
            [one.sealed.master_key for one in owned],
            [one.sealed.wrapped for one in owned],
            [one.sealed.sealed for one in owned],
            [one.execution for one in owned],
            [one.pack for one in owned],
            [one.event for one in owned],
        )


async def get(connection: Connection, key: str) -> Row | None:
    """Everything but the value."""
    return await connection.fetchrow(_SQL.get, key)


async def lock(unit: Connection, key: str) -> int | None:
    """The version, locked until the unit ends; None when there is no such secret."""
    version: int | None = await unit.fetchval(_SQL.lock, key)
    return version


async def readers(connection: Connection, keys: Iterable[str]) -> dict[str, list[str]]:
    """Of those that exist: the logins that alone may use them, none for whoever has the right."""
    return {row["key"]: row["readers"] for row in await connection.fetch(_SQL.readers, sorted(keys))}


async def sealed(connection: Connection, keys: Iterable[str]) -> dict[str, Sealed]:
    """Those that exist."""
    return {row["key"]: _sealed(row) for row in await connection.fetch(_SQL.sealed, sorted(keys))}


async def page(
    connection: Connection, after: str | None, prefix: str | None, allowed: Sequence[str] | None, limit: int
) -> list[Row]:
    """Named ones in order of their keys. `allowed`: beginnings of keys that may be seen, None for all."""
    return await connection.fetch(_SQL.page, after, prefix, None if allowed is None else list(allowed), limit)


async def delete(unit: Connection, key: str) -> bool:
    return await unit.execute(_SQL.delete, key) > 0


async def delete_other_config(unit: Connection, pack: int, keys: Sequence[str]) -> None:
    """Values of the pack's configuration that it no longer has."""
    await unit.execute(_SQL.delete_other_config, pack, list(keys))


async def under_others(unit: Connection, primary: str, after: str, limit: int) -> list[Sealed]:
    """Those whose data key another master key wraps, by key, locked."""
    return [_sealed(row) for row in await unit.fetch(_SQL.under_others, primary, after, limit)]


async def rewrap(unit: Connection, wrapped: Sequence[Sealed]) -> None:
    keys = [one.key for one in wrapped]
    await unit.execute(_SQL.rewrap, keys, [one.master_key for one in wrapped], [one.wrapped for one in wrapped])


async def by_master_key(connection: Connection) -> dict[str, int]:
    """How many secrets each master key wraps."""
    return {row["master_key"]: row["secrets"] for row in await connection.fetch(_SQL.by_master_key)}


def _sealed(row: Row) -> Sealed:
    return Sealed(row["key"], row["master_key"], bytes(row["wrapped"]), bytes(row["sealed"]))
