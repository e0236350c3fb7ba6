"""Reading workflow runs for people: rows as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("run_views")


@dataclass(frozen=True, slots=True)
class Filter:
    """None means any. `packs`: what belongs to these packs, by itself or by the outermost execution's action, or to

    the identity `also`.
    """

    workflow: str | None = None
    execution: int | None = None
    statuses: Sequence[str] | None = None
    packs: Sequence[str] | None = None
    also: int | None = None
    pack: str | None = None
    trace_id: str | None = None
    root: bool = False
    since: datetime | None = None
    until: datetime | None = None


async def get(connection: Connection, run: int) -> Row | None:
    return await connection.fetchrow(_SQL.get, run)


async def exists(connection: Connection, run: int) -> bool:
    return bool(await connection.fetchval(_SQL.exists, run))


async def page(connection: Connection, before: int | None, wanted: Filter, limit: int) -> list[Row]:
    """Newest first, only ids below `before`; without variables and result."""
    return await connection.fetch(
        _SQL.page, before, wanted.workflow, wanted.execution, wanted.statuses, limit,
        None if wanted.packs is None else list(wanted.packs), wanted.also, wanted.pack, wanted.trace_id, wanted.root,
        wanted.since, wanted.until,
    )  # fmt: skip


async def tasks(connection: Connection, run: int, after: str | None, limit: int) -> list[Row]:
    """One row per task that has started, with its latest execution (not for iterations)."""
    return await connection.fetch(_SQL.tasks, run, after, limit)


async def task_executions(
    connection: Connection,
    run: int,
    task: str,
    after: tuple[int, int],
    limit: int,
    statuses: Sequence[str] | None = None,
) -> list[Row]:
    """The executions of one task after `(iteration, task_index)`, items in order."""
    return await connection.fetch(_SQL.task_executions, run, task, *after, limit, statuses)


async def state(connection: Connection, run: int) -> Row | None:
    """id, workflow_ref, version, status, revision, tries, state, definition, now (PostgreSQL's clock)."""
    return await connection.fetchrow(_SQL.state, run)


async def endings(connection: Connection, run: int) -> list[Any]:
    """The TaskEnded commands of the journal, in order."""
    return [row["command"] for row in await connection.fetch(_SQL.endings, run)]


async def works(connection: Connection, run: int, limit: int, fresh: float) -> list[Row]:
    """Executions of the run that are not final, the oldest first, each with the run of a subworkflow.

    `served`: whether a worker of its pool was heard of within `fresh` seconds. `failed_with`: the error of the attempt
    before.
    """
    return await connection.fetch(_SQL.works, run, limit, fresh)


async def due(connection: Connection, run: int, limit: int) -> list[Row]:
    """kind, due_at, held, target of the run's timers."""
    return await connection.fetch(_SQL.due, run, limit)


async def asked(connection: Connection, run: int) -> list[str]:
    """The kinds of requests to the run that nobody has taken up yet."""
    return [row["kind"] for row in await connection.fetch(_SQL.asked, run)]


async def incident(connection: Connection, run: int) -> Row | None:
    """id and error of the incident for which the executors have set the run aside."""
    return await connection.fetchrow(_SQL.incident, run)


async def history(connection: Connection, run: int, after: int, limit: int) -> list[Row]:
    """Journal entries after that revision."""
    return await connection.fetch(_SQL.history, run, after, limit)
