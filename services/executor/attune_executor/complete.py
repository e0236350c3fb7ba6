"""Reports of attempts that ended: checked against the token, then told to the run or stored at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import assert_never

from attune_common.contracts.execution import ExecutionCompleted
from attune_common.runtime.json import DataError, repair
from attune_common.store import executions
from attune_common.store.actions_lookup import Action
from attune_common.store.executions import Execution
from attune_core.execution.reports import Loss, Report, is_claimed, on_loss, on_report
from attune_core.model.outcome import Outcome
from attune_core.model.status import ExecutionStatus, OutcomeStatus
from attune_core.workflow.signals import TaskFinished, TaskResumed
from attune_executor import dispatch, tries
from attune_executor.batch import Batch, engine_attempt, key_of
from attune_executor.cancel import cancelled
from attune_executor.context import LEASES_LOST, STALE
from attune_executor.finish import finish_row
from attune_executor.load import lock_runs
from attune_executor.perform import keep_attempt
from attune_executor.prepare import load_parameters

_OUTCOME = {
    "succeeded": OutcomeStatus.SUCCEEDED,
    "failed": OutcomeStatus.FAILED,
    "timed_out": OutcomeStatus.TIMED_OUT,
    "cancelled": OutcomeStatus.CANCELLED,
}


async def take_completions(batch: Batch, messages: Iterable[ExecutionCompleted]) -> None:
    """Take the reports in. The runs that the messages name are locked before their executions."""
    messages = list(messages)
    if not messages:
        return
    await lock_runs(batch, {m.workflow_execution_id for m in messages if m.workflow_execution_id is not None})
    if told := {m.execution_id for m in messages if batch.row(m.execution_id) is None}:
        batch.hold(await executions.lock(batch.unit, told))
    await _lock_unnamed_runs(batch, messages)
    lost, failed = [], []
    for message in messages:
        row = batch.row(message.execution_id)
        ruling = on_report(row, message.token, _OUTCOME.get(message.status), message.claim)
        if row is None or ruling is Report.STALE:
            STALE.labels("completed").inc()
        elif ruling is Report.LOST:
            lost.append((row, message))
        else:
            outcome = _unwanted(message) if ruling is Report.CANCELLED else _outcome(batch, row, message)
            if outcome.status in (OutcomeStatus.SUCCEEDED, OutcomeStatus.CANCELLED):
                _report(batch, row, outcome, message.worker)
            else:
                failed.append((row, message, outcome))
    if failed:
        await _take_failures(batch, failed)
    if lost:
        await _take_losses(batch, lost)


async def _lock_unnamed_runs(batch: Batch, messages: list[ExecutionCompleted]) -> None:
    """A report may leave out whose run it belongs to."""
    rows = [row for m in messages if (row := batch.row(m.execution_id)) is not None]
    await lock_runs(batch, {row.workflow_run for row in rows if row.workflow_run is not None})


def _report(batch: Batch, row: Execution, outcome: Outcome, worker: str = "") -> None:
    row.worker = worker or row.worker
    row.started_at = row.started_at or outcome.started_at
    row.token = None
    batch.reported.add(row.id)
    key = key_of(row)
    if row.status is ExecutionStatus.WAITING and outcome.status is OutcomeStatus.CANCELLED and not row.is_workflow:
        batch.unanswered.append(row.id)
    if row.workflow_run is None or key is None:
        finish_row(batch, row, outcome)
        return
    batch.outcomes[row.id] = outcome
    batch.change(row)
    run = batch.runs[row.workflow_run]
    if row.status is ExecutionStatus.WAITING and row.task_index is not None:
        run.tell(TaskResumed(key))
    run.tell(TaskFinished(key, engine_attempt(row), outcome))


def _unwanted(message: ExecutionCompleted) -> Outcome:
    if message.status == "lost":
        return cancelled("cancelled; its worker was lost")
    return cancelled(f"cancelled; the action {message.status.replace('_', ' ')} before it was stopped")


def _outcome(batch: Batch, row: Execution, message: ExecutionCompleted) -> Outcome:
    started, ended = _times(batch.now, row, message)
    status = _OUTCOME[message.status]
    try:
        (result, error), repaired = repair((message.result, message.error))
    except DataError as problem:
        told = f"the result cannot be stored: {problem.message}"
        return Outcome(OutcomeStatus.FAILED, None, {"type": "result_unusable", "message": told}, started, ended)
    if status is not OutcomeStatus.SUCCEEDED:
        error = error or {"type": message.status, "message": f"the action {message.status.replace('_', ' ')}"}
    elif repaired and isinstance(result, dict):
        result = {**result, "sanitized": True}
    return Outcome(status, result, error, started, ended)


def _times(now: datetime, row: Execution, message: ExecutionCompleted) -> tuple[datetime, datetime]:
    """Durations are the worker's, the place in time is PostgreSQL's: hosts may be an hour apart."""
    if message.started_at is None or message.completed_at is None:
        return row.started_at or now, now
    ran = max(message.completed_at - message.started_at, timedelta())
    return row.started_at or now - ran, now


async def _take_failures(batch: Batch, failed: list[tuple[Execution, ExecutionCompleted, Outcome]]) -> None:
    """A policy of the action may let it try again; else the failure is reported."""
    book = batch.context.policies
    await book.learn(batch.unit)
    hopeful = [row for row, _, outcome in failed if book.tries_again(row, outcome)]
    used = await tries.prepare(batch, hopeful) if hopeful else {}
    for row, message, outcome in failed:
        if on_report(row, message.token, outcome.status, message.claim) is not Report.ENDED:
            continue
        row.worker = message.worker or row.worker
        unable = tries.again(batch, row, outcome, used.get((row.id, row.tries), 0))
        if unable is not None:
            _report(batch, row, unable, message.worker)


async def _take_losses(batch: Batch, lost: list[tuple[Execution, ExecutionCompleted]]) -> None:
    """Send lost work again where running it twice is allowed, else fail it."""
    rows = [row for row, _ in lost]
    await dispatch.resolve(batch, {dispatch.pinned(row) for row in rows})
    await batch.context.policies.learn(batch.unit)
    await load_parameters(batch, rows)
    for row, message in lost:
        if on_report(row, message.token, None, message.claim) is not Report.LOST:
            continue
        row.worker = message.worker or row.worker
        if message.started_at is not None:
            row.started_at, _ = _times(batch.now, row, message)
        action = dispatch.action_of(batch, row)
        if isinstance(action, Outcome):
            _report(batch, row, action)
        else:
            _after_loss(batch, row, action, message)


def _after_loss(batch: Batch, row: Execution, action: Action, message: ExecutionCompleted) -> None:
    begun = message.claim is None or is_claimed(row)
    idempotent = dispatch.may_repeat(batch, action)
    ruling = on_loss(row, handed_back=message.handed_back, idempotent=idempotent, begun=begun)
    LEASES_LOST.labels(ruling.name.lower()).inc()
    match ruling:
        case Loss.SEND_BACK:
            dispatch.send(batch, row, action)
        case Loss.SEND_AGAIN:
            _send_again(batch, row, action, message)
        case Loss.FAIL:
            _report(batch, row, _lost(batch, row, message))
        case _:
            assert_never(ruling)


def _send_again(batch: Batch, row: Execution, action: Action, message: ExecutionCompleted) -> None:
    batch.outcomes[row.id] = _lost(batch, row, message)
    keep_attempt(batch, row, ExecutionStatus.ABANDONED)
    row.losses += 1
    row.attempt += 1
    dispatch.send(batch, row, action)


def _lost(batch: Batch, row: Execution, message: ExecutionCompleted) -> Outcome:
    worker = message.worker or row.worker
    told = f"worker {worker or '?'} was lost while it ran attempt {row.attempt}"
    if message.handed_back:
        told = f"worker {worker or '?'} was stopped while it ran attempt {row.attempt}"
    hint = "mark the action `idempotent: true`, or give the task a `retry`, to let it run again"
    error = {"type": "worker_lost", "message": told, "worker": worker, "hint": hint}
    return Outcome(OutcomeStatus.FAILED, None, error, row.started_at, batch.now)
