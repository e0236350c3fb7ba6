"""Workers and executors as they were last heard of."""

from __future__ import annotations

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("workers")


async def page(connection: Connection, after: str | None, pool: str | None, limit: int) -> list[Row]:
    """By name. `silent`: seconds since the last sign."""
    return await connection.fetch(_SQL.page, after, pool, limit)


async def executors(connection: Connection) -> list[Row]:
    return await connection.fetch(_SQL.executors)


async def sweep(unit: Connection, most: int) -> int:
    """Workers that nobody has heard of for a day."""
    return await unit.execute(_SQL.sweep, most)
