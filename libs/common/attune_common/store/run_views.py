"""Reading workflow runs for people: rows as the API shows them."""

from __future__ import annotations

from dataclasses import dataclass

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("run_views")


@dataclass(frozen=True, slots=True)
class Filter:
    """None means any."""

    workflow: str | None = None
    execution: int | None = None
    status: str | None = None


async def get(connection: Connection, run: int) -> Row | None:
    return await connection.fetchrow(_SQL.get, run)


async def exists(connection: Connection, run: int) -> bool:
    return bool(await connection.fetchval(_SQL.exists, run))


async def page(connection: Connection, before: int | None, wanted: Filter, limit: int) -> list[Row]:
    """Newest first, only ids below `before`; without variables and result."""
    return await connection.fetch(_SQL.page, before, wanted.workflow, wanted.execution, wanted.status, limit)


async def tasks(connection: Connection, run: int, after: str | None, limit: int) -> list[Row]:
    """One row per task that has started, with its latest execution (not for iterations)."""
    return await connection.fetch(_SQL.tasks, run, after, limit)


async def task_executions(connection: Connection, run: int, task: str, after: tuple[int, int], limit: int) -> list[Row]:
    """The executions of one task after `(iteration, task_index)`, items in order."""
    return await connection.fetch(_SQL.task_executions, run, task, *after, limit)


async def graph(connection: Connection, run: int) -> Row | None:
    """task_graph, tasks (as defined, in order), status, workflow_ref."""
    return await connection.fetchrow(_SQL.graph, run)


async def graph_tasks(connection: Connection, run: int) -> list[Row]:
    return await connection.fetch(_SQL.graph_tasks, run)


async def history(connection: Connection, run: int, after: int, limit: int) -> list[Row]:
    """Journal entries after that revision."""
    return await connection.fetch(_SQL.history, run, after, limit)
