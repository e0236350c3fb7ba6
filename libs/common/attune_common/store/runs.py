"""Workflow runs: locked by id, loaded when the process does not know their state, written back once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, Row, jsons
from attune_core.model.record import record

_SQL = queries.load("runs")


@dataclass(frozen=True, slots=True)
class NewRun:
    """What a run is made of: the attempt of an execution, the version of a workflow; and when."""

    execution: int
    attempt: int
    workflow_ref: str
    workflow_def: int | None
    version: str
    pack_ref: str
    created: datetime


@record
class RunChange:
    """A run's row after a batch. `variables` None leaves them as they are; `error` is a sentence."""

    id: int
    revision: int
    status: str
    state: dict[str, Any]
    variables: dict[str, Any] | None
    tries: int
    error: str | None
    completed_at: datetime | None


_NEW = ("execution", "attempt", "workflow_ref", "workflow_def", "version", "pack_ref", "created")


async def lock(connection: Connection, ids: Iterable[int], *, patient: bool = True) -> list[Row]:
    """Rows of id, revision, status, config (of the pack), now; in id order, locked.

    `patient`: waits for those that somebody else has locked, else they are left out.
    """
    return await connection.fetch(_SQL.lock if patient else _SQL.lock_free, sorted(set(ids)))


async def load(connection: Connection, ids: Sequence[int]) -> list[Row]:
    """State, variables and what never changes of a run and of its execution."""
    return await connection.look(_SQL.load, list(ids))


async def allocate(connection: Connection, count: int) -> list[int]:
    """Ids for runs that are about to be made."""
    return [row["id"] for row in await connection.glimpse(_SQL.allocate, count)] if count else []


async def insert(connection: Connection, runs: Sequence[tuple[NewRun, RunChange]]) -> None:
    """What they are made of, and what the batch that makes them leaves them as."""
    if runs:
        new, changes = zip(*runs, strict=True)
        made = [[getattr(run, name) for run in new] for name in _NEW]
        await connection.later(_SQL.insert, [change.id for change in changes], *made, *_changed(changes))


async def origins(connection: Connection, executions: Sequence[tuple[int, int | None, str]]) -> dict[int, Row]:
    """Of (id, identity, action): login of who asked for it, config of its action's pack, by id."""
    rows = await connection.look(_SQL.origins, *map(list, zip(*executions, strict=True)))
    return {row["id"]: row for row in rows}


async def paused(connection: Connection, ids: Iterable[int]) -> set[int]:
    """Those of the runs that pause. Asked while the execution of a subworkflow is locked, so that its run either

    begins paused or is found by the one who pauses.
    """
    wanted = sorted(set(ids))
    return {row["id"] for row in await connection.fetch(_SQL.paused, wanted)} if wanted else set()


async def definitions(connection: Connection, digests: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The stored definitions by digest."""
    rows = await connection.look(_SQL.definitions, list(digests))
    return {row["digest"]: row["definition"] for row in rows}


async def update(connection: Connection, changes: Sequence[RunChange]) -> None:
    if not changes:
        return
    ordered = sorted(changes, key=lambda change: change.id)
    ids = [change.id for change in ordered]
    await connection.later(_SQL.update, ids, *_changed(ordered), connection.versions("workflow_run", ids))


def _changed(changes: Sequence[RunChange]) -> list[list[Any]]:
    return [
        [change.revision for change in changes],
        [change.status for change in changes],
        jsons(change.state for change in changes),
        jsons(change.variables for change in changes),
        [change.tries for change in changes],
        [change.error for change in changes],
        [change.completed_at for change in changes],
    ]


async def of_executions(connection: Connection, executions: Sequence[int]) -> dict[int, int]:
    """The run of each execution's current attempt, by execution."""
    rows = await connection.fetch(_SQL.of_executions, list(executions))
    return {row["execution"]: row["id"] for row in rows}


async def children(connection: Connection, runs: Iterable[int]) -> list[tuple[int, int]]:
    """(child run, parent run) of the unfinished subworkflows of the runs."""
    rows = await connection.fetch(_SQL.children, list(runs))
    return [(row["id"], row["parent_run"]) for row in rows]


async def insert_requests(connection: Connection, requests: Sequence[tuple[int, str, dict[str, Any]]]) -> None:
    """(run, kind, detail) for the runs' own transactions to take up."""
    if requests:
        runs, kinds, details = zip(*requests, strict=True)
        await connection.execute(_SQL.insert_requests, list(runs), list(kinds), jsons(details))


async def lock_requests(connection: Connection, runs: Iterable[int]) -> list[Row]:
    """Open requests (id, workflow_run, kind, detail) in the order they were made, locked."""
    return await connection.fetch(_SQL.lock_requests, list(runs))


async def close_requests(connection: Connection, ids: Sequence[int]) -> None:
    if ids:
        await connection.execute(_SQL.close_requests, list(ids))


async def open_requests(connection: Connection, older_than: float) -> list[tuple[int, str]]:
    """(run, kind) of requests that nobody took up for `older_than` seconds."""
    rows = await connection.fetch(_SQL.open_requests, older_than)
    return [(row["workflow_run"], row["kind"]) for row in rows]
