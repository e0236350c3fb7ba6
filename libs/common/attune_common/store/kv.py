"""The datastore: JSON values by key, each with a version and perhaps an end. What has expired is not there."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import JSON_NULL, Connection, Row

_SQL = queries.load("kv")


async def get(connection: Connection, key: str) -> Row | None:
    return await connection.fetchrow(_SQL.get, key)


async def put(unit: Connection, key: str, value: Any, ttl: float | None = None) -> Row:
    """The stored row, with `made` true when the key is new. `ttl` in seconds; None: it stays."""
    row = await unit.fetchrow(_SQL.put, key, JSON_NULL if value is None else value, ttl)
    assert row is not None
    return row


async def put_new(unit: Connection, key: str, value: Any, ttl: float | None = None) -> Row | None:
    """The same when the key is not there, else None."""
    return await unit.fetchrow(_SQL.put_new, key, JSON_NULL if value is None else value, ttl)


async def put_over(
    unit: Connection, key: str, value: Any, ttl: float | None, versions: Sequence[int] | None
) -> Row | None:
    """The same when the key is there, with one of these versions when they are given; else None."""
    wanted = None if versions is None else list(versions)
    return await unit.fetchrow(_SQL.put_over, key, JSON_NULL if value is None else value, ttl, wanted)


async def increment(unit: Connection, key: str, by: float, ttl: float | None = None) -> Row | None:
    """The row after adding; a missing key counts from 0, and only then `ttl` counts.

    None when the sum is no number that JSON keeps exactly.
    """
    return await unit.fetchrow(_SQL.increment, key, Decimal(str(by)), ttl)


async def delete(unit: Connection, key: str, versions: Sequence[int] | None = None) -> bool:
    """False when there is none, or none of these versions."""
    return await unit.execute(_SQL.delete, key, None if versions is None else list(versions)) > 0


async def page(
    connection: Connection,
    after: str | None,
    prefix: str | None,
    allowed: Sequence[str] | None,
    login: str | None,
    limit: int,
) -> list[Row]:
    """By key. `allowed`: beginnings of keys that may be seen, None for all.

    `login`: of identities' keys only those of this one, None for all.
    """
    seen = None if allowed is None else list(allowed)
    own = None if login is None else f"identity:{login}/"
    return await connection.fetch(_SQL.page, after, prefix, seen, own, limit)


async def sweep(unit: Connection, most: int) -> int:
    """Remove what has expired."""
    return await unit.execute(_SQL.sweep, most)
