"""Ending executions early: what waits is dropped at once, what runs is told to stop, a subworkflow is asked."""

from __future__ import annotations

from typing import assert_never

from attune_common.contracts.execution import ExecutionCancel
from attune_common.store.executions import Execution
from attune_core.execution.cancels import Cancel, on_cancel
from attune_core.model.outcome import Outcome
from attune_core.model.status import ExecutionStatus, OutcomeStatus
from attune_core.workflow.commands import CancelAction
from attune_core.workflow.signals import TaskFinished, TaskResumed
from attune_executor.batch import Batch, RunInHand, engine_attempt, key_of


def cancel_action(batch: Batch, run: RunInHand, command: CancelAction) -> None:
    """Cancel the live rows of the key. Those that end at once are told to the run."""
    for row in batch.rows_of(run.id, command.key):
        if row.id in batch.reported:
            continue
        child = batch.child_runs.get(row.id)
        match on_cancel(row, has_child=child is not None, only_resting=command.only_waiting):
            case Cancel.NOTHING:
                pass
            case Cancel.ASK_CHILD:
                _ask_child(batch, row, child)
            case Cancel.ASK_WORKER:
                ask_worker(batch, row)
            case Cancel.DROP:
                _drop(batch, run, row)
            case ruling:
                assert_never(ruling)


def _ask_child(batch: Batch, row: Execution, child: int | None) -> None:
    assert child is not None
    row.cancel_requested = True
    batch.requests.append((child, "cancel", {"reason": "cancelled by the parent workflow"}))
    batch.change(row)


def ask_worker(batch: Batch, row: Execution) -> None:
    """Tell the worker that runs the attempt to stop it; its report ends the execution."""
    row.cancel_requested = True
    row.status = ExecutionStatus.CANCELING
    batch.change(row)
    if row.token is not None:
        batch.emit(ExecutionCancel(execution_id=row.id, token=row.token))


def _drop(batch: Batch, run: RunInHand, row: Execution) -> None:
    """End what no worker has accepted. A job on its way loses its token; a worker that holds it stops it."""
    key = key_of(row)
    assert key is not None
    if row.status is ExecutionStatus.SCHEDULED and row.token is not None:
        batch.emit(ExecutionCancel(execution_id=row.id, token=row.token))
    outcome = cancelled("cancelled before it started")
    batch.outcomes[row.id] = outcome
    if row.status is ExecutionStatus.WAITING and not row.is_workflow:
        batch.unanswered.append(row.id)
    if row.status is ExecutionStatus.WAITING and row.task_index is not None:
        run.tell(TaskResumed(key))
    row.cancel_requested, row.token = True, None
    batch.reported.add(row.id)
    batch.change(row)
    run.tell(TaskFinished(key, engine_attempt(row), outcome))


def cancelled(message: str) -> Outcome:
    return Outcome(OutcomeStatus.CANCELLED, error={"type": "cancelled", "message": message})
