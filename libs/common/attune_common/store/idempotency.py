"""Keys under which clients have made something, and what they were answered."""

from __future__ import annotations

from collections.abc import Mapping

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("idempotency")


async def take(unit: Connection, identity: int, key: str, request: bytes) -> bool:
    """Whether the key was free."""
    return await unit.execute(_SQL.take, identity, key, request) > 0


async def keep(unit: Connection, identity: int, key: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """What the first request was answered."""
    await unit.execute(_SQL.keep, identity, key, status, dict(headers), body)


async def free(unit: Connection, identity: int, key: str) -> None:
    """Nothing came of it."""
    await unit.execute(_SQL.free, identity, key)


async def get(connection: Connection, identity: int, key: str) -> Row | None:
    return await connection.fetchrow(_SQL.get, identity, key)


async def forget(unit: Connection, seconds: float, most: int) -> int:
    """Keys that are older; how many those were."""
    return await unit.execute(_SQL.forget, seconds, most)
