"""What the outside world is told of runs and tasks: the messages of the seed, and progress for watchers."""

from __future__ import annotations

from typing import Any

from attune_common.contracts.workflow import (
    ItemsProgress,
    TaskCompleted,
    TaskFailed,
    TaskResult,
    WorkflowCompleted,
    WorkflowFailed,
    WorkflowStarted,
)
from attune_core.model.status import ExecutionStatus, OutcomeStatus
from attune_core.workflow.commands import FinishRun, TaskEnded
from attune_core.workflow.state import ItemCounts, TaskState
from attune_executor.batch import Batch, RunInHand

_GOOD = (OutcomeStatus.SUCCEEDED, OutcomeStatus.SKIPPED)


def run_started(batch: Batch, run: RunInHand) -> None:
    context = run.context
    batch.emit(
        WorkflowStarted(
            execution_id=context.execution,
            workflow_id=context.workflow_def,
            workflow_execution_id=run.id,
            workflow_ref=context.workflow_ref,
            trace_id=context.trace_id,
            root_id=context.root,
        )
    )


def run_ended(batch: Batch, run: RunInHand, end: FinishRun) -> None:
    context = run.context
    if end.status is ExecutionStatus.COMPLETED:
        batch.emit(
            WorkflowCompleted(
                execution_id=context.execution,
                result=end.output,
                workflow_execution_id=run.id,
                workflow_ref=context.workflow_ref,
                trace_id=context.trace_id,
                root_id=context.root,
            )
        )
        return
    batch.emit(
        WorkflowFailed(
            execution_id=context.execution,
            error=str((end.error or {}).get("message", end.status.value)),
            status=end.status.value,
            workflow_execution_id=run.id,
            workflow_ref=context.workflow_ref,
            trace_id=context.trace_id,
            root_id=context.root,
        )
    )


def task_ended(batch: Batch, run: RunInHand, ended: TaskEnded) -> None:
    """An iteration's result is the list of its items: it is read from the API, not sent around."""
    if ended.status in _GOOD:
        fresh = run.book.fresh.get((ended.task, ended.iteration), {}).get(None)
        result = TaskResult(status=ended.status._value_, result=fresh.result if fresh else None)
        batch.emit(
            TaskCompleted(
                workflow_execution_id=run.id,
                task_name=ended.task,
                result=result,
                iteration=ended.iteration,
                **whereabouts(run),
            )
        )
        return
    error = ended.error or {}
    batch.emit(
        TaskFailed(
            workflow_execution_id=run.id,
            task_name=ended.task,
            error=str(error.get("message", ended.status.value)),
            error_type=str(error.get("type", "")),
            status=ended.status.value,
            iteration=ended.iteration,
            **whereabouts(run),
        )
    )


def progress(batch: Batch, run: RunInHand) -> None:
    """How far iterations are, once per batch for those that moved."""
    for name, before, task in run.moved:
        counts = _counts(task)
        if counts is None or counts == _counts(before):
            continue
        batch.emit(
            ItemsProgress(
                workflow_execution_id=run.id,
                task_name=name,
                iteration=task.activations,
                total=counts.total,
                succeeded=counts.succeeded + counts.skipped,
                failed=counts.failed + counts.timed_out + counts.cancelled,
                live=counts.live,
                **whereabouts(run),
            )
        )


def whereabouts(run: RunInHand) -> dict[str, Any]:
    """What every message about a task says of where it belongs."""
    context = run.context
    return {"workflow_ref": context.workflow_ref, "root_id": context.root, "trace_id": context.trace_id}


def _counts(task: TaskState) -> ItemCounts | None:
    part = task.current or task.last
    return None if part is None else part.items
