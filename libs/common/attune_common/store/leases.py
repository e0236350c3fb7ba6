"""Who holds what for how long, and the questions of the sweeps: what should have moved on and did not.

Executions of a run that an open incident has set aside stay as they are: doing their work again would not help.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("leases")
MOST_UNACCEPTED = 500


@dataclass(frozen=True, slots=True)
class Seen:
    """A worker that has just been heard of."""

    name: str
    pools: tuple[str, ...]
    running: int
    started: datetime


async def extend(connection: Connection, tokens: Sequence[str], lease: float) -> list[Row]:
    """Renew the leases of running attempts; rows of id, token, cancel_requested of those that were."""
    return await connection.fetch(_SQL.extend, list(tokens), lease)


async def held(connection: Connection, tokens: Sequence[str]) -> list[tuple[int, str]]:
    """(id, token) of current attempts that a worker holds and of which no acceptance was heard."""
    return [(row["id"], row["token"]) for row in await connection.fetch(_SQL.held, list(tokens))]


async def live(connection: Connection, tokens: Sequence[str]) -> set[str]:
    """Those of the tokens that are the current attempt of an execution and may be in a worker's hands."""
    return {row["token"] for row in await connection.fetch(_SQL.live, list(tokens))}


async def workers_seen(connection: Connection, workers: Sequence[Seen]) -> None:
    await connection.execute(
        _SQL.worker_seen,
        [worker.name for worker in workers],
        [",".join(worker.pools) for worker in workers],
        [worker.running for worker in workers],
        [worker.started for worker in workers],
    )


async def lapsed(connection: Connection, grace: float = 0) -> list[Row]:
    """Attempts whose lease ran out more than `grace` seconds ago: id, attempt, token, workflow_run."""
    return await connection.fetch(_SQL.lapsed, grace)


async def overdue(connection: Connection, grace: float) -> list[Row]:
    """Attempts that run `grace` seconds longer than their timeout; also their timeout."""
    return await connection.fetch(_SQL.overdue, grace)


async def deaf(connection: Connection, patience: float) -> list[Row]:
    """Attempts that should have stopped and have not answered for `patience` seconds."""
    return await connection.fetch(_SQL.deaf, patience)


async def unaccepted_pools(connection: Connection, patience: float, default: str) -> list[str]:
    """Pools with jobs that nobody accepted for `patience` seconds."""
    return [row["pool"] for row in await connection.fetch(_SQL.unaccepted_pools, patience, default)]


async def unaccepted(connection: Connection, patience: float, default: str, pools: Sequence[str]) -> list[int]:
    """Executions of such jobs, locked, `MOST_UNACCEPTED` at once; those that someone else has in hand are left out."""
    rows = await connection.fetch(_SQL.unaccepted, patience, default, list(pools), MOST_UNACCEPTED)
    return [row["id"] for row in rows]


async def unstarted(connection: Connection, patience: float) -> list[Row]:
    """Executions that nobody started for `patience` seconds: id, action_ref, parent, trace_id. Found once per
    `patience`."""
    return await connection.fetch(_SQL.unstarted, patience)


async def untold(connection: Connection, patience: float) -> list[Row]:
    """Executions of child runs that are over: id, token, workflow_run (the parent), result, error, status."""
    return await connection.fetch(_SQL.untold, patience)


async def stuck_runs(connection: Connection, patience: float) -> list[Row]:
    """Running runs in which nothing is alive: id, workflow_ref, status."""
    return await connection.fetch(_SQL.stuck_runs, patience)
