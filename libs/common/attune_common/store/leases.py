"""Who holds what for how long, and the questions of the sweeps: what should have moved on and did not.

Executions of a run that an open incident has set aside stay as they are: doing their work again would not help.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from attune_common.contracts.execution import ExecutionStatusChanged
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


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker wants to begin an attempt; `claim` is a name that it has made up for this and nothing else."""

    execution: int
    token: str
    claim: str


async def claim(connection: Connection, worker: str, claims: Sequence[Claim], lease: float) -> list[Row]:
    """Let the worker begin those attempts that nobody has claimed by another name; the rows that it may begin.

    They are running under its lease from now on. `before` is the status that they had.
    """
    wanted = {each.execution: each for each in claims}.values()
    columns = ([getattr(each, name) for each in wanted] for name in ("execution", "token", "claim"))
    return await connection.fetch(_SQL.claim, worker, *columns, lease)


def running(row: Row) -> ExecutionStatusChanged:
    """What watchers are told of an attempt that has begun."""
    return ExecutionStatusChanged(
        execution_id=row["id"],
        action_ref=row["action_ref"],
        status=row["status"],
        workflow_execution_id=row["workflow_run"],
        root_id=row["root"] or row["id"],
        task_name=row["task_name"],
        task_index=row["task_index"],
        attempt=row["attempt"],
    )


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


async def end_all(connection: Connection) -> int:
    """No lease lasts any longer; how many there were."""
    return await connection.execute(_SQL.end_all)


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
