"""Messages that were committed and are on their way to the bus."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attune_common.contracts.envelope import Wire
from attune_common.store import queries
from attune_common.store.connection import Connection
from attune_common.store.unit import StoredWire

_SQL = queries.load("outbox")


async def delete(connection: Connection, ids: Sequence[int]) -> None:
    """Forget published messages. To lose this deletion in a crash means to publish twice, so nobody waits for it."""
    await connection.execute("SET LOCAL synchronous_commit = off")
    await connection.execute(_SQL.delete, list(ids))


async def stale(connection: Connection, age: float, in_hand: Iterable[int], limit: int) -> list[StoredWire]:
    """Messages older than `age` seconds that nobody else publishes now and that are not `in_hand`, locked."""
    rows = await connection.fetch(_SQL.stale, age, list(in_hand), limit)
    return [StoredWire(row["id"], Wire(row["exchange"], row["routing_key"], row["body"])) for row in rows]
