"""A timer of the run came due."""

from __future__ import annotations

from typing import assert_never

from attune_core.definition.graph import TaskKind
from attune_core.model.outcome import Outcome
from attune_core.model.record import replace
from attune_core.model.status import ExecutionStatus
from attune_core.workflow import items
from attune_core.workflow.commands import Dispatch, SetTimer
from attune_core.workflow.control import stop_everything
from attune_core.workflow.draft import Draft
from attune_core.workflow.ending import end_task
from attune_core.workflow.signals import TaskKey, TimerFired, TimerKind
from attune_core.workflow.state import Activation, Phase, Stop, StopKind


def timer_fired(draft: Draft, signal: TimerFired) -> None:
    if draft.pausing:
        draft.emit(SetTimer(signal.kind, 0.0, signal.key, signal.attempt))
        return
    match signal.kind:
        case TimerKind.RUN_TIMEOUT:
            _time_out(draft)
        case TimerKind.RETRY | TimerKind.DELAY:
            assert signal.key is not None
            if draft.status is not ExecutionStatus.CANCELING:
                _dispatch(draft, signal.key, signal.attempt)
        case TimerKind.REFILL:
            _refill(draft, signal.key)
        case _:
            assert_never(signal.kind)


def _time_out(draft: Draft) -> None:
    """A run that is being cancelled ends as that, however long it takes."""
    if draft.status is ExecutionStatus.CANCELING:
        return
    limit = draft.time_limit
    error = {"type": "timeout", "message": f"the run did not end within its timeout of {limit:g} seconds"}
    draft.stop = Stop(StopKind.TIMEOUT, error)
    draft.status = ExecutionStatus.CANCELING
    stop_everything(draft)


def _refill(draft: Draft, key: TaskKey | None) -> None:
    """The run goes on with the tasks, or an iteration with the items, for which one decision was too short."""
    if key is None:
        draft.going_on = False
        return
    node, current = draft.node(key.task), draft.task(key.task).current
    if current is not None and current.items is not None and current.iteration == key.iteration and node.iteration:
        items.go_on(draft, node, node.iteration)


def _dispatch(draft: Draft, key: TaskKey, attempt: int) -> None:
    current = draft.task(key.task).current
    if current is None or current.iteration != key.iteration:
        return
    if key.index is None:
        _dispatch_once(draft, key, attempt, current)
    elif current.items is not None and current.items.waiting > 0:
        counts = replace(current.items, waiting=current.items.waiting - 1)
        draft.change(key.task, current=replace(current, items=counts))
        draft.emit(Dispatch(key, attempt))


def _dispatch_once(draft: Draft, key: TaskKey, attempt: int, current: Activation) -> None:
    if current.phase is not Phase.WAITING or current.attempt != attempt:
        return
    draft.change(key.task, current=replace(current, phase=Phase.RUNNING, delayed=False))
    if draft.node(key.task).kind is TaskKind.NOOP:
        end_task(draft, key.task, Outcome.succeeded())
    else:
        draft.emit(Dispatch(key, attempt))
