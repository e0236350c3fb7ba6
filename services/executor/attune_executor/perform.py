"""Commands become rows and messages. Nothing here awaits: `prepare` has put everything in hand before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attune_common.contracts.workflow import TaskScheduled
from attune_common.store.executions import Attempt, Execution
from attune_common.store.items import ItemList
from attune_common.store.timers import NewTimer
from attune_core.model.outcome import Outcome
from attune_core.model.record import replace
from attune_core.model.status import EXECUTION_STATUS_OF, ExecutionStatus
from attune_core.workflow.commands import (
    CancelAction,
    Command,
    Dispatch,
    FinishExecution,
    FinishRun,
    PauseChildren,
    RecordItem,
    ResumeChildren,
    RetryAction,
    RunAction,
    SetTimer,
    StoreItems,
    TaskEnded,
)
from attune_core.workflow.signals import TaskFinished, TaskKey, TaskSuspended
from attune_executor import announce, cancel, dispatch, turns
from attune_executor.batch import Batch, RunInHand, engine_attempt, key_of
from attune_executor.finish import finish_row

_HELD = (ExecutionStatus.PAUSING, ExecutionStatus.PAUSED)


def perform(batch: Batch, run: RunInHand) -> None:
    """Perform the run's commands in order. What follows at once (a refused action) is told to the run."""
    commands, run.commands = run.commands, []
    for command in commands:
        WAYS[type(command)](batch, run, command)


def _finish_execution(batch: Batch, run: RunInHand, command: FinishExecution) -> None:
    row = batch.row_of(run.id, command.key)
    if row is not None:
        finish_row(batch, row, command.outcome)


def _store_items(batch: Batch, run: RunInHand, command: StoreItems) -> None:
    batch.lists.append(ItemList(run.id, command.task, command.iteration, command.items))
    run.book.items[(command.task, command.iteration)] = dict(enumerate(command.items))


def _set_timer(batch: Batch, run: RunInHand, command: SetTimer) -> None:
    batch.timers.append(_timer(run, command))


def _pause_children(batch: Batch, run: RunInHand, command: PauseChildren) -> None:
    batch.cascades[run.id] = "pause"


def _resume_children(batch: Batch, run: RunInHand, command: ResumeChildren) -> None:
    batch.cascades[run.id] = "resume"


def _finish_run(batch: Batch, run: RunInHand, command: FinishRun) -> None:
    run.end = command


def _new_row(batch: Batch, run: RunInHand, key: TaskKey, action: str) -> Execution:
    context = run.context
    return Execution(
        id=batch.ids.popleft(),
        action_ref=action,
        status=ExecutionStatus.REQUESTED,
        trace_id=context.trace_id,
        parent=context.execution,
        root=context.root,
        workflow_run=run.id,
        task_name=key.task,
        iteration=key.iteration,
        task_index=key.index,
        depth=context.depth + 1,
        identity=context.identity,
        rule_ref=context.rule_ref,
        trigger_ref=context.trigger_ref,
        pack_version=dispatch.pin_in(context, action),
        parameters={},
    )


def _row_for(batch: Batch, run: RunInHand, command: RunAction | RecordItem) -> Execution:
    """A new row; for an item that runs again its own, started over."""
    row = batch.row_of(run.id, command.key) if command.again is not None else None
    if row is None:
        row = _new_row(batch, run, command.key, command.action)
        batch.add(row)
        return row
    batch.begun_again.append(row.id)
    row.tries += 1
    row.losses, row.attempts_before = 0, row.attempt
    _next_attempt(batch, row, 1)
    batch.change(row)
    return row


def _next_attempt(batch: Batch, row: Execution, attempt: int) -> None:
    """`attempt` as the engine counts."""
    batch.reported.discard(row.id)
    row.attempt = attempt + row.losses + row.attempts_before
    row.token, row.worker, row.started_at, row.completed_at = None, None, None, None
    row.result, row.error, row.cancel_requested = None, None, False
    row.status = ExecutionStatus.WAITING


def _run_action(batch: Batch, run: RunInHand, command: RunAction) -> None:
    row = _row_for(batch, run, command)
    row.max_retries, row.timeout, row.pool = command.max_retries, command.timeout, command.pool
    _announce_start(batch, run, row)
    refused = dispatch.ready(batch, row, command.parameters)
    if refused is not None:
        run.tell(TaskFinished(command.key, 1, refused))
    elif command.delay > 0:
        row.status = ExecutionStatus.WAITING
    else:
        _send(batch, run, row)


def _announce_start(batch: Batch, run: RunInHand, row: Execution) -> None:
    """Once per task: of an iteration only its first item."""
    if row.task_index in (None, 0):
        batch.emit(
            TaskScheduled(
                workflow_execution_id=run.id,
                task_name=row.task_name or "",
                execution_id=row.id,
                iteration=row.iteration or 1,
                task_index=row.task_index,
                attempt=engine_attempt(row),
                **announce.whereabouts(run),
            )
        )


def _send(batch: Batch, run: RunInHand, row: Execution) -> None:
    action = dispatch.action_of(batch, row)
    key = key_of(row)
    assert key is not None
    if isinstance(action, Outcome):
        run.tell(TaskFinished(key, engine_attempt(row), action))
        return
    unable = turns.start(batch, row, action)
    if unable is not None:
        run.tell(TaskFinished(key, engine_attempt(row), unable))
    elif row.status is ExecutionStatus.WAITING:
        run.tell(TaskSuspended(key))


def _retry_action(batch: Batch, run: RunInHand, command: RetryAction) -> None:
    row = batch.row_of(run.id, command.key)
    if row is None:
        return
    keep_attempt(batch, row)
    _next_attempt(batch, row, command.attempt)
    batch.change(row)
    if not command.waits:
        _send(batch, run, row)
        _announce_retry(batch, run, row)


def keep_attempt(batch: Batch, row: Execution, status: ExecutionStatus | None = None) -> None:
    """The attempt that has just ended goes to the row's history."""
    outcome = batch.outcomes.get(row.id)
    batch.attempts.append(
        Attempt(
            execution=row.id,
            attempt=row.attempt,
            status=status or (EXECUTION_STATUS_OF[outcome.status] if outcome else ExecutionStatus.FAILED),
            error=outcome.error if outcome else row.error,
            worker=row.worker,
            started_at=(outcome.started_at if outcome else None) or row.started_at,
            completed_at=(outcome.completed_at if outcome else None) or batch.now,
        )
    )


def _announce_retry(batch: Batch, run: RunInHand, row: Execution) -> None:
    if row.task_index is None:
        _announce_start(batch, run, row)


def _dispatch(batch: Batch, run: RunInHand, command: Dispatch) -> None:
    row = batch.row_of(run.id, command.key)
    if row is None or row.status is not ExecutionStatus.WAITING or engine_attempt(row) != command.attempt:
        return
    if row.cancel_requested:
        outcome = cancel.cancelled("cancelled while it waited for its next attempt")
        run.tell(TaskFinished(command.key, command.attempt, outcome))
        return
    _send(batch, run, row)
    if command.attempt > 1:
        _announce_retry(batch, run, row)


def _record_item(batch: Batch, run: RunInHand, command: RecordItem) -> None:
    row = _row_for(batch, run, command)
    outcome = replace(command.outcome, completed_at=command.outcome.completed_at or batch.now)
    row.status = EXECUTION_STATUS_OF[outcome.status]
    row.error, row.completed_at = outcome.error, outcome.completed_at
    run.book.note(command.key, outcome)


def _timer(run: RunInHand, command: SetTimer) -> NewTimer:
    target: dict[str, object] = {"attempt": command.attempt}
    if command.key is not None:
        key = command.key
        target |= {"task": key.task, "iteration": key.iteration, "index": key.index}
    return NewTimer(command.seconds, command.kind.value, run.id, target, held=run.state.status in _HELD)


# Three commands for each task: a table takes a third of the time that comparing classes one by one does.
WAYS: dict[type[Command], Callable[[Batch, RunInHand, Any], None]] = {
    RunAction: _run_action,
    RetryAction: _retry_action,
    Dispatch: _dispatch,
    FinishExecution: _finish_execution,
    RecordItem: _record_item,
    CancelAction: cancel.cancel_action,
    StoreItems: _store_items,
    SetTimer: _set_timer,
    TaskEnded: announce.task_ended,
    PauseChildren: _pause_children,
    ResumeChildren: _resume_children,
    FinishRun: _finish_run,
}
