"""Messages that were committed and are on their way to the bus."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attune_common.contracts.envelope import Wire
from attune_common.contracts.registry import Exchange
from attune_common.store import queries
from attune_common.store.connection import Connection, Row
from attune_common.store.unit import StoredWire

_SQL = queries.load("outbox")


async def delete(connection: Connection, ids: Sequence[int]) -> None:
    """Forget published messages. To lose this deletion in a crash means to publish twice, so nobody waits for it."""
    await connection.execute(_SQL.delete, list(ids))


async def forget_jobs(connection: Connection) -> None:
    """For when all jobs are sent anew."""
    await connection.execute(_SQL.forget_jobs, Exchange.EXECUTIONS)


async def stale(connection: Connection, age: float, in_hand: Iterable[int], limit: int) -> list[StoredWire]:
    """Messages older than `age` seconds that nobody else publishes now and that are not `in_hand`, locked; no jobs."""
    return [_wire(row) for row in await connection.fetch(_SQL.stale, age, list(in_hand), limit, Exchange.EXECUTIONS)]


async def stale_jobs(connection: Connection, age: float, in_hand: Iterable[int], limit: int) -> list[Row]:
    """id, routing_key and age of the same, of jobs alone and not locked; with PostgreSQL's server_start and server_age.

    Ages are in seconds.
    """
    return await connection.fetch(_SQL.stale_jobs, age, list(in_hand), limit, Exchange.EXECUTIONS)


async def lock(connection: Connection, ids: Sequence[int]) -> list[StoredWire]:
    """Those that nobody else has locked or deleted."""
    return [_wire(row) for row in await connection.fetch(_SQL.lock, list(ids))]


async def wanted(connection: Connection, jobs: Sequence[tuple[int, str]]) -> set[str]:
    """Of jobs (execution, token) the tokens that still wait for a worker."""
    rows = await connection.fetch(_SQL.wanted, [id for id, _ in jobs], [token for _, token in jobs])
    return {row["token"] for row in rows}


def _wire(row: Row) -> StoredWire:
    return StoredWire(row["id"], Wire(row["exchange"], row["routing_key"], row["body"]))
