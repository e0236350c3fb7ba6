"""The engine's state of each task of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, jsons
from attune_core.model.record import record

_SQL = queries.load("tasks")


@record
class TaskChange:
    """A task's row after a batch; `status` is what the state says in one word. `is_new`: it has none yet."""

    run: int
    name: str
    status: str
    state: dict[str, Any]
    is_new: bool


async def load(connection: Connection, runs: Iterable[int]) -> dict[int, dict[str, Any]]:
    """State JSON by task name, by run."""
    found: dict[int, dict[str, Any]] = {run: {} for run in runs}
    for row in await connection.look(_SQL.load, list(found)):
        found[row["workflow_run"]][row["task_name"]] = row["state"]
    return found


async def store(connection: Connection, changes: Sequence[TaskChange]) -> None:
    """Rows that are new apart from those that are not: one statement for both costs twice as much."""
    await _write(connection, _SQL.insert, [change for change in changes if change.is_new])
    await _write(connection, _SQL.update, [change for change in changes if not change.is_new])


async def _write(connection: Connection, statement: str, changes: Sequence[TaskChange]) -> None:
    if changes:
        await connection.later(
            statement,
            [change.run for change in changes],
            [change.name for change in changes],
            [change.status for change in changes],
            jsons(change.state for change in changes),
        )
