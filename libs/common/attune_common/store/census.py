"""How much there is of everything that waits, in bounded work: for metrics."""

from __future__ import annotations

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("census")


async def live(connection: Connection) -> list[Row]:
    """`status`, `count` (100,000 at most) of each status that is not final."""
    return await connection.fetch(_SQL.live)


async def waits(connection: Connection) -> Row:
    """Seconds that the oldest waits: `lag` (jobs), `outbox_age`, `timers_late`, `events_age`."""
    row = await connection.fetchrow(_SQL.waits)
    assert row is not None
    return row
