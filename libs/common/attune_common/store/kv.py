"""The datastore: JSON values by key."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import JSON_NULL, Connection, Row

_SQL = queries.load("kv")


async def get(connection: Connection, key: str) -> Row | None:
    return await connection.fetchrow(_SQL.get, key)


async def put(unit: Connection, key: str, value: Any) -> Row:
    """The stored row, with `made` true when the key is new."""
    row = await unit.fetchrow(_SQL.put, key, JSON_NULL if value is None else value)
    assert row is not None
    return row


async def increment(unit: Connection, key: str, by: float) -> Row | None:
    """The row after adding; a missing key counts from 0. None when the sum is no number that JSON keeps exactly."""
    return await unit.fetchrow(_SQL.increment, key, Decimal(str(by)))


async def delete(unit: Connection, key: str) -> bool:
    return await unit.execute(_SQL.delete, key) > 0


async def page(connection: Connection, after: str | None, prefix: str | None, limit: int) -> list[Row]:
    return await connection.fetch(_SQL.page, after, prefix, limit)
