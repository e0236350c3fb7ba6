"""What the outside world is told of runs and tasks: the messages of the seed, and progress for watchers."""

from __future__ import annotations

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
from attune_core.workflow.state import ItemCounts, RunState
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
        )
    )


def task_ended(batch: Batch, run: RunInHand, ended: TaskEnded) -> None:
    """An iteration's result is the list of its items: it is read from the API, not sent around."""
    if ended.status in _GOOD:
        fresh = run.book.fresh.get((ended.task, ended.iteration), {}).get(None)
        result = TaskResult(status=ended.status.value, result=fresh.result if fresh else None)
        batch.emit(
            TaskCompleted(workflow_execution_id=run.id, task_name=ended.task, result=result, iteration=ended.iteration)
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
        )
    )


def progress(batch: Batch, run: RunInHand) -> None:
    """How far iterations are, once per batch for those that moved."""
    for name, task in run.state.tasks.items():
        before = run.base.tasks.get(name)
        if task is before:
            continue
        counts = _counts(run.state, name)
        if counts is None or (before is not None and counts == _counts(run.base, name)):
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
            )
        )


def _counts(state: RunState, name: str) -> ItemCounts | None:
    task = state.task(name)
    part = task.current or task.last
    return None if part is None else part.items
