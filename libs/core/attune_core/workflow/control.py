"""Pause, resume and cancel of a whole run, and tasks that wait without a worker."""

from __future__ import annotations

from attune_core.definition.graph import CancellationPolicy, TaskKind
from attune_core.model.outcome import Outcome
from attune_core.model.record import replace
from attune_core.model.status import ExecutionStatus
from attune_core.workflow import items
from attune_core.workflow.commands import CancelAction, PauseChildren, ResumeChildren
from attune_core.workflow.draft import Draft
from attune_core.workflow.ending import end_task
from attune_core.workflow.signals import CancelRequested, LimitReached, TaskKey
from attune_core.workflow.state import Activation, Phase, Stop, StopKind

_ACTIVE = (ExecutionStatus.RUNNING, ExecutionStatus.WAITING)


def pause(draft: Draft) -> bool:
    """False when there is nothing to pause."""
    if draft.status not in _ACTIVE:
        return False
    draft.status = ExecutionStatus.PAUSING
    draft.emit(PauseChildren())
    return True


def resume(draft: Draft) -> bool:
    if draft.status not in (ExecutionStatus.PAUSING, ExecutionStatus.PAUSED):
        return False
    draft.status = ExecutionStatus.RUNNING
    draft.emit(ResumeChildren())
    return True


def cancel(draft: Draft, signal: CancelRequested) -> bool:
    return _end_early(draft, Stop(StopKind.CANCEL, {"type": "cancelled", "message": signal.reason}))


def give_in(draft: Draft, signal: LimitReached) -> bool:
    """A run that goes round for ever without starting tasks is ended as one whose time is over."""
    told = f"the run's journal has reached its limit of {signal.limit:,} events, those of items not counted"
    hint = "split the work into subworkflows: each has a journal of its own"
    error = {"type": "journal_limit", "message": told, "limit": signal.limit, "hint": hint}
    return _end_early(draft, Stop(StopKind.LIMIT, error))


def _end_early(draft: Draft, stop: Stop) -> bool:
    """False when the run has ended, or is being ended early already."""
    if draft.status.is_final or draft.status is ExecutionStatus.CANCELING:
        return False
    draft.stop = stop
    if draft.pausing:
        draft.emit(ResumeChildren())
    draft.status = ExecutionStatus.CANCELING
    stop_everything(draft)
    return True


def stop_everything(draft: Draft) -> None:
    """Stop what runs and drop what waits; with `allow_finish` what runs may end by itself."""
    spare = draft.graph.cancellation_policy is CancellationPolicy.ALLOW_FINISH
    for name in [name for name, task in draft.tasks.items() if task.current is not None]:
        current = draft.task(name).current
        if current is None or current.phase is Phase.READY or draft.node(name).kind is TaskKind.PARALLEL:
            continue
        node = draft.node(name)
        if current.phase is Phase.WAITING and node.kind is TaskKind.NOOP:
            end_task(draft, name, Outcome.cancelled("cancelled while waiting"))
        elif current.items is not None and current.items.live == 0 and node.iteration is not None:
            items.refill(draft, node, node.iteration)
        elif not spare or _waits(current):
            draft.emit(CancelAction(TaskKey(name, current.iteration), only_waiting=spare))
    _drop_ready_children(draft)


def drop_delayed(draft: Draft) -> bool:
    """The run starts nothing any more: what waits for its first attempt will not begin. True when there was such."""
    delayed = [name for name, task in draft.tasks.items() if task.current is not None and task.current.delayed]
    for name in delayed:
        current = draft.under_way(name)
        draft.change(name, current=replace(current, delayed=False))
        if draft.node(name).kind is TaskKind.NOOP:
            end_task(draft, name, Outcome.cancelled("the run ended before this task began"))
        else:
            draft.emit(CancelAction(TaskKey(name, current.iteration)))
    return bool(delayed)


def _waits(current: Activation) -> bool:
    """Whether it, or one of its items, waits without a worker."""
    return current.phase is Phase.WAITING or (current.items is not None and current.items.waiting > 0)


def _drop_ready_children(draft: Draft) -> None:
    """A block ends when its sub-tasks have ended, so those that never started are ended here."""
    for name in [name for name in draft.ready if draft.node(name).block is not None]:
        draft.ready.remove(name)
        end_task(draft, name, Outcome.cancelled("the run ended before this sub-task started"))


def suspend(draft: Draft, key: TaskKey, *, waiting: bool) -> bool:
    """The execution of `key` gave its worker back (`waiting`), or runs again."""
    current = draft.task(key.task).current
    if current is None or current.iteration != key.iteration or current.phase is Phase.READY:
        return False
    if current.items is not None:
        step = 1 if waiting else -1
        counts = replace(current.items, waiting=max(0, current.items.waiting + step))
        draft.change(key.task, current=replace(current, items=counts))
    else:
        draft.change(key.task, current=replace(current, phase=Phase.WAITING if waiting else Phase.RUNNING))
    return True
