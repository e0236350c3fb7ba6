"""The end of a transaction: every kind of row is written in one statement, in the order in which locks are taken."""

from __future__ import annotations

from typing import Any

from attune_common.contracts.execution import ExecutionCompleted
from attune_common.contracts.workflow import RunRequested
from attune_common.store import items, journal, runs, tasks, timers
from attune_common.store.runs import RunChange
from attune_common.store.tasks import TaskChange
from attune_core.model.outcome import Outcome
from attune_core.model.status import ExecutionStatus, OutcomeStatus
from attune_core.workflow.codec import run_to_json, task_status, task_to_json
from attune_core.workflow.commands import FinishRun
from attune_executor import announce, happenings, inquire
from attune_executor.batch import Batch, RunInHand
from attune_executor.finish import announce_status, finish_row
from attune_executor.prepare import hold_executions

_IDLE = (ExecutionStatus.WAITING, ExecutionStatus.PAUSED)
_OUTCOME = {
    ExecutionStatus.COMPLETED: OutcomeStatus.SUCCEEDED,
    ExecutionStatus.FAILED: OutcomeStatus.FAILED,
    ExecutionStatus.TIMEOUT: OutcomeStatus.TIMED_OUT,
    ExecutionStatus.CANCELLED: OutcomeStatus.CANCELLED,
}


async def flush(batch: Batch) -> None:
    """Write what the batch has changed. The unit's messages go to the outbox when it commits."""
    changed = [run for run in batch.runs.values() if run.state is not run.base]
    await _show_status(batch, changed)
    for run in changed:
        run.find_moved()
        announce.progress(batch, run)
    await runs.insert(batch.unit, [(run.new, _run_change(run)) for run in changed if run.new is not None])
    await runs.update(batch.unit, [_run_change(run) for run in changed if run.new is None])
    await tasks.store(batch.unit, [change for run in changed for change in _task_changes(run)])
    await batch.write_rows()
    await items.insert(batch.unit, batch.lists)
    await inquire.write(batch)
    for asked in batch.inquiries:
        happenings.inquiry_opened(batch, asked)
    await _timers(batch, {run.id for run in changed if run.state.status.is_final})
    await journal.append(batch.unit, [entry for run in changed for entry in run.entries])
    await _tell_others(batch)
    await happenings.write(batch)


async def _show_status(batch: Batch, changed: list[RunInHand]) -> None:
    """The execution of a run shows the run's state; a parent that waits for it is told instead."""
    moved = [run for run in changed if run.end is not None or run.state.status is not run.base.status]
    await hold_executions(batch, [run for run in moved if run.end is not None or run.context.parent_run is None])
    for run in moved:
        if run.context.parent_run is not None:
            _tell_parent(batch, run)
        else:
            _show_on_execution(batch, run)
        if run.end is not None:
            announce.run_ended(batch, run, run.end)
            happenings.workflow_finished(batch, run, run.end)


def _show_on_execution(batch: Batch, run: RunInHand) -> None:
    row = batch.row(run.context.execution)
    if row is None:
        return
    if run.state.tries > run.base.tries:
        row.tries, row.status = run.state.tries, ExecutionStatus.RUNNING
        row.completed_at, row.cancel_requested = None, False
        batch.change(row)
    if run.end is not None:
        finish_row(batch, row, _outcome(run.end))
    elif not row.status.is_final and row.status is not run.state.status:
        row.status = run.state.status
        batch.change(row)
        announce_status(batch, row)


def _outcome(end: FinishRun) -> Outcome:
    return Outcome(_OUTCOME[end.status], end.output, None if end.error is None else dict(end.error))


def _tell_parent(batch: Batch, run: RunInHand) -> None:
    """By message: a transaction never takes the parent's lock for its child's sake."""
    context, end = run.context, run.end
    if end is not None:
        batch.emit(completion_of(run, end))
        _keep_outcome(batch, run, end)
        return
    idle, was_idle = run.state.status in _IDLE, run.base.status in _IDLE
    if idle != was_idle and context.parent_run is not None:
        detail = {"task": context.task, "iteration": context.iteration, "index": context.index}
        batch.requests.append((context.parent_run, "suspended" if idle else "resumed", detail))


def _keep_outcome(batch: Batch, run: RunInHand, end: FinishRun) -> None:
    """Beside the message, so that a sweep can tell the parent again. The status stays the parent's to change."""
    row = batch.row(run.context.execution)
    if row is not None and not row.status.is_final and row.token == run.context.token:
        row.result, row.error = end.output, None if end.error is None else dict(end.error)
        batch.change(row)


def completion_of(run: RunInHand, end: FinishRun) -> ExecutionCompleted:
    """What a worker would say of the execution that a child run carries out."""
    outcome = _outcome(end)
    return ExecutionCompleted(
        execution_id=run.context.execution,
        attempt=1,
        token=run.context.token or "",
        status=_REPORTED[outcome.status],
        result=outcome.result,
        error=outcome.error,
        started_at=run.state.started_at,
        completed_at=run.state.completed_at,
        workflow_execution_id=run.context.parent_run,
    )


_REPORTED: dict[OutcomeStatus, Any] = {
    OutcomeStatus.SUCCEEDED: "succeeded",
    OutcomeStatus.FAILED: "failed",
    OutcomeStatus.TIMED_OUT: "timed_out",
    OutcomeStatus.CANCELLED: "cancelled",
}


def _run_change(run: RunInHand) -> RunChange:
    state = run.state
    error = state.failure if state.status.is_final else None
    return RunChange(
        id=run.id,
        revision=state.revision,
        status=state.status._value_,
        state=run_to_json(state),
        variables=None if state.vars == run.base.vars else dict(state.vars),
        tries=state.tries,
        error=None if error is None else str(error.get("message", error.get("type", ""))),
        completed_at=state.completed_at if state.status.is_final else None,
    )


def _task_changes(run: RunInHand) -> list[TaskChange]:
    known = run.base.tasks
    return [
        TaskChange(run.id, name, task_status(task)._value_, task_to_json(task), name not in known)
        for name, _, task in run.moved
    ]


async def _timers(batch: Batch, ended: set[int]) -> None:
    await timers.remove(batch.unit, batch.done_timers)
    await timers.hold(batch.unit, batch.held_timers)
    await timers.insert(batch.unit, [timer for timer in batch.timers if timer.run not in ended])
    await timers.remove_of_runs(batch.unit, ended)
    await timers.release(batch.unit, [run for run, kind in batch.cascades.items() if kind == "resume"])


async def _tell_others(batch: Batch) -> None:
    if batch.cascades:
        for child, parent in await runs.children(batch.unit, batch.cascades):
            batch.requests.append((child, batch.cascades[parent], {}))
    await runs.insert_requests(batch.unit, batch.requests)
    for run, kind, _ in batch.requests:
        batch.emit(RunRequested.model_validate({"workflow_execution_id": run, "kind": kind}))
