"""Tasks of a run: one row per task with counts, and one row per execution of a task."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from attune_api.views.executions import duration
from attune_common.store.connection import Row
from attune_core.workflow.codec import task_from_json
from attune_core.workflow.state import ItemCounts, TaskState


class Items(BaseModel):
    """The progress of an iteration; `started` of `total` have been given to workers, `live` are at work."""

    total: int
    started: int
    live: int
    succeeded: int
    failed: int
    timed_out: int
    cancelled: int
    skipped: int


class Task(BaseModel):
    """A task, or with `?task=NAME` one execution of it (`task_index`: the item's index).

    `execution`, `result` and `action` are those of the latest execution; an iteration has `items` instead.
    """

    workflow_execution: int
    task_name: str
    task_index: int | None
    iteration: int | None
    status: str
    execution: int | None
    child_workflow_execution: int | None
    action: str | None
    attempt: int
    retry_count: int
    max_retries: int
    activations: int | None
    items: Items | None
    result: Any = None
    error: dict[str, Any] | None
    worker: str | None
    created: datetime | None
    updated: datetime
    started_at: datetime | None
    completed_at: datetime | None
    duration: float | None


def items(counts: ItemCounts | None) -> Items | None:
    if counts is None:
        return None
    return Items(
        total=counts.total,
        started=counts.next,
        live=counts.live,
        succeeded=counts.succeeded,
        failed=counts.failed,
        timed_out=counts.timed_out,
        cancelled=counts.cancelled,
        skipped=counts.skipped,
    )


def task(run: int, row: Row) -> Task:
    """A row of `run_views.tasks`."""
    state = task_from_json(row["state"])
    times = _times(row, state)
    shown = state.current or state.last
    return Task(
        workflow_execution=run,
        task_name=row["task_name"],
        task_index=None,
        iteration=shown.iteration if shown else None,
        status=_status(row, state),
        execution=row["execution"],
        child_workflow_execution=row["child_run"],
        action=row["action_ref"],
        attempt=row["attempt"] or (shown.attempt if shown else 1),
        retry_count=(row["attempt"] or (shown.attempt if shown else 1)) - 1,
        max_retries=row["max_retries"] or 0,
        activations=state.activations,
        items=items(shown.items if shown else None),
        result=row["result"],
        error=_error(row, state),
        worker=row["worker"],
        created=row["created"],
        updated=row["updated"],
        started_at=times[0],
        completed_at=times[1],
        duration=duration(*times),
    )


def task_execution(run: int, row: Row) -> Task:
    """A row of `run_views.task_executions`."""
    shared = ("task_name", "task_index", "iteration", "status", "execution", "attempt", "max_retries", "result")
    rest = ("error", "worker", "created", "updated", "started_at", "completed_at")
    return Task(
        **{name: row[name] for name in shared + rest},
        workflow_execution=run,
        child_workflow_execution=row["child_run"],
        action=row["action_ref"],
        retry_count=row["attempt"] - 1,
        activations=None,
        items=None,
        duration=duration(row["started_at"], row["completed_at"]),
    )


def _status(row: Row, state: TaskState) -> str:
    """The engine calls a task running from its start on; its execution knows better whether a worker has it."""
    live = row["execution_status"] is not None and state.current is not None and state.current.items is None
    return str(row["execution_status"] if live and row["status"] == "running" else row["status"])


def _times(row: Row, state: TaskState) -> tuple[datetime | None, datetime | None]:
    if state.current is not None:
        return row["started_at"] if row["iteration"] == state.current.iteration else state.current.started_at, None
    if state.last is not None:
        return state.last.started_at or row["started_at"], state.last.completed_at
    return None, None


def _error(row: Row, state: TaskState) -> dict[str, Any] | None:
    if state.current is None and state.last is not None and state.last.error is not None:
        return dict(state.last.error)
    return dict(row["error"]) if row["error"] else None
