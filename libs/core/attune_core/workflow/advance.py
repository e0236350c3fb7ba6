"""The one door to the engine."""

from __future__ import annotations

from typing import assert_never

from attune_core.definition.graph import Graph
from attune_core.expressions.scope import FactsMissing
from attune_core.workflow import control, items
from attune_core.workflow.broken import give_up
from attune_core.workflow.completion import settle
from attune_core.workflow.decision import Decision
from attune_core.workflow.draft import Draft
from attune_core.workflow.facts import Facts
from attune_core.workflow.finish_task import finish_attempt
from attune_core.workflow.retry import retry
from attune_core.workflow.signals import (
    CancelRequested,
    LimitReached,
    PauseRequested,
    ResumeRequested,
    RetryRequested,
    RunStarted,
    Signal,
    TaskFinished,
    TaskResumed,
    TaskSuspended,
    TimerFired,
    TimerKind,
)
from attune_core.workflow.start import start
from attune_core.workflow.state import RunState
from attune_core.workflow.timers import timer_fired


def advance(graph: Graph, state: RunState, signal: Signal, facts: Facts) -> Decision:
    """Decide what follows from one signal. Total: whatever goes wrong is a decision too.

    Errors: only `FactsMissing` (the caller fetches and calls again with the same arguments).
    """
    draft = Draft(graph, state, facts)
    try:
        if not _absorb(draft, signal):
            return Decision(state, (), accepted=False)
        draft.lines += not _is_of_item(signal)
        settle(draft)
    except FactsMissing:
        raise
    except Exception as fault:
        return give_up(graph, state, signal, facts, fault)
    return draft.freeze()


def _absorb(draft: Draft, signal: Signal) -> bool:
    """Take the signal in. False when it changes nothing."""
    if draft.status.is_final and not isinstance(signal, TaskFinished | RetryRequested):
        return False
    match signal:
        case RunStarted():
            return _start(draft, signal)
        case TaskFinished():
            finish_attempt(draft, signal)
            return True
        case TimerFired():
            timer_fired(draft, signal)
            return True
        case TaskSuspended() | TaskResumed():
            return control.suspend(draft, signal.key, waiting=isinstance(signal, TaskSuspended))
        case PauseRequested() | ResumeRequested() | CancelRequested() | RetryRequested() | LimitReached():
            return _steer(draft, signal)
        case _:
            assert_never(signal)


def _steer(
    draft: Draft, signal: PauseRequested | ResumeRequested | CancelRequested | RetryRequested | LimitReached
) -> bool:
    match signal:
        case PauseRequested():
            return control.pause(draft)
        case ResumeRequested():
            return _resume(draft)
        case CancelRequested():
            return control.cancel(draft, signal)
        case RetryRequested():
            return retry(draft, signal)
        case LimitReached():
            return control.give_in(draft, signal)
        case _:
            assert_never(signal)


def _is_of_item(signal: Signal) -> bool:
    """Items have a limit of their own: a run with many of them is long, not lost."""
    match signal:
        case TaskFinished() | TaskSuspended() | TaskResumed() | TimerFired():
            return signal.key is not None and (signal.key.index is not None or _refills(signal))
        case _:
            return False


def _refills(signal: Signal) -> bool:
    return isinstance(signal, TimerFired) and signal.kind is TimerKind.REFILL


def _start(draft: Draft, signal: RunStarted) -> bool:
    if draft.base.revision > 0:
        return False
    start(draft, signal)
    return True


def _resume(draft: Draft) -> bool:
    """Continue, and fill the windows of iterations that stood still."""
    if not control.resume(draft):
        return False
    for name in [name for name, task in draft.tasks.items() if task.current and task.current.items]:
        node = draft.node(name)
        if node.iteration is not None:
            items.refill(draft, node, node.iteration)
    return True
