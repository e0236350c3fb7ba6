"""Timers and requests become signals of their runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attune_common.store import executions, runs, timers
from attune_common.store.connection import Row
from attune_common.store.timers import Timer
from attune_core.model.status import ExecutionStatus
from attune_core.workflow.signals import (
    CancelRequested,
    PauseRequested,
    ResumeRequested,
    RetryRequested,
    TaskKey,
    TaskResumed,
    TaskSuspended,
    TimerFired,
    TimerKind,
)
from attune_executor import inquire
from attune_executor.answers import end_unanswered
from attune_executor.batch import Batch, RunInHand
from attune_executor.load import lock_runs

_HOLDING = (ExecutionStatus.PAUSING, ExecutionStatus.PAUSED)


async def take_timers(batch: Batch, due: Iterable[Timer]) -> None:
    """Fire timers that still stand. Those of a run that pauses are held until it resumes."""
    due = list(due)
    if not due:
        return
    await lock_runs(batch, {timer.run for timer in due if timer.run is not None})
    unanswered = []
    for timer in await timers.lock(batch.unit, [timer.id for timer in due]):
        run = None if timer.run is None else batch.runs.get(timer.run)
        if run is not None and run.state.status in _HOLDING:
            batch.held_timers.append(timer.id)
            continue
        batch.done_timers.append(timer.id)
        if timer.kind == inquire.TIMER:
            unanswered.append(timer)
        elif run is not None:
            run.tell(TimerFired(TimerKind(timer.kind), _key(timer.target), timer.target.get("attempt", 0)))
    if unanswered:
        await end_unanswered(batch, unanswered)


def _key(target: dict[str, Any]) -> TaskKey | None:
    if "task" not in target:
        return None
    return TaskKey(target["task"], target["iteration"], target.get("index"))


async def take_requests(batch: Batch, ids: Iterable[int]) -> None:
    """Tell runs what was asked of them, in the order of asking."""
    ids = list(ids)
    if not ids:
        return
    await lock_runs(batch, ids)
    asked = await runs.lock_requests(batch.unit, ids)
    await _hold_children(batch, asked)
    for request in asked:
        run = batch.runs.get(request["workflow_run"])
        if run is not None:
            _tell(batch, run, request["kind"], request["detail"])
    await runs.close_requests(batch.unit, [request["id"] for request in asked])


async def _hold_children(batch: Batch, asked: list[Row]) -> None:
    keys = [
        (request["workflow_run"], request["detail"]["task"], request["detail"]["iteration"], request["detail"]["index"])
        for request in asked
        if request["kind"] in ("suspended", "resumed")
    ]
    if keys:
        batch.hold(await executions.lock_keys(batch.unit, keys))


def _tell(batch: Batch, run: RunInHand, kind: str, detail: dict[str, Any]) -> None:
    match kind:
        case "pause":
            run.tell(PauseRequested())
        case "resume":
            run.tell(ResumeRequested())
        case "cancel":
            run.tell(CancelRequested(str(detail.get("reason") or "cancelled by request")))
        case "retry":
            if run.context.parent_run is None:
                tasks = tuple(str(name) for name in detail.get("tasks") or ())
                run.tell(RetryRequested(tasks, bool(detail.get("reset_items", True))))
        case "suspended" | "resumed":
            _tell_of_child(batch, run, TaskKey(detail["task"], detail["iteration"], detail["index"]), kind)
        case _:
            raise ValueError(f"request of an unknown kind {kind!r}")


def _tell_of_child(batch: Batch, run: RunInHand, key: TaskKey, kind: str) -> None:
    """News of a child counts while its execution goes on, and only when it changes something."""
    row = batch.row_of(run.id, key)
    status = ExecutionStatus.WAITING if kind == "suspended" else ExecutionStatus.RUNNING
    if row is None or row.status.is_final or row.status is status or row.token is None:
        return
    row.status = status
    batch.change(row)
    run.tell(TaskSuspended(key) if kind == "suspended" else TaskResumed(key))
