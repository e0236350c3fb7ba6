"""An attempt ended: try again, or let the task (or the item) end."""

from __future__ import annotations

from attune_core.definition.graph import Retry, TaskNode
from attune_core.expressions.references import References
from attune_core.expressions.scope import Scope
from attune_core.model.outcome import Outcome
from attune_core.model.policy import retry_delay, spread
from attune_core.model.record import replace
from attune_core.model.status import OutcomeStatus
from attune_core.workflow import items
from attune_core.workflow.commands import FinishExecution, RetryAction, SetTimer
from attune_core.workflow.draft import Draft
from attune_core.workflow.ending import end_task
from attune_core.workflow.item import element
from attune_core.workflow.problems import TaskProblem, seconds, test
from attune_core.workflow.scope import scope_for
from attune_core.workflow.signals import TaskFinished, TaskKey, TimerKind
from attune_core.workflow.state import FORCED, Activation, Ended, Phase

_RETRIED = (OutcomeStatus.FAILED, OutcomeStatus.TIMED_OUT)
_FOR_GOOD = frozenset({"input_error", "action_not_found", "forbidden_secret"})
"""Errors of the request itself: another attempt would meet them again."""


def finish_attempt(draft: Draft, signal: TaskFinished) -> None:
    """A late report (of an activation that is over) ends its execution and changes nothing else."""
    node = draft.graph.tasks.get(signal.key.task)
    current = draft.task(signal.key.task).current
    if node is None or not _is_current(current, signal):
        draft.emit(FinishExecution(signal.key, signal.outcome))
        return
    try:
        delay = _retry_in(draft, node, signal)
    except TaskProblem as problem:
        failed = replace(signal.outcome, status=OutcomeStatus.FAILED, error=dict(problem.error))
        _finish(draft, node, signal, failed)
        return
    if delay is None:
        _finish(draft, node, signal, signal.outcome)
    else:
        _try_again(draft, node, signal.key, signal.attempt + 1, delay)


def _is_current(current: Activation | None, signal: TaskFinished) -> bool:
    if current is None or current.iteration != signal.key.iteration or current.phase is Phase.READY:
        return False
    if current.items is not None:
        return signal.key.index is not None
    return signal.key.index is None and current.attempt == signal.attempt


def _retry_in(draft: Draft, node: TaskNode, signal: TaskFinished) -> float | None:
    """Seconds until the next attempt, or None when there is none. Errors: TaskProblem; FactsMissing."""
    retry, outcome = node.retry, signal.outcome
    if retry is None or not _may_retry(outcome) or signal.attempt > retry.count or _ending(draft):
        return None
    if retry.on_error is not None:
        scope = _attempt_scope(_shown(draft, node, signal), retry.on_error.reads, signal)
        if not test(retry.on_error, scope, f"{node.name}.retry.on_error"):
            return None
    return _delay(draft, node, retry, signal)


def _attempt_scope(draft: Draft, reads: References, signal: TaskFinished) -> Scope:
    """What a template of `retry` sees: the attempt, and the item when it is read. Errors: FactsMissing."""
    key = signal.key
    if key.index is None or not reads.uses_item:
        return scope_for(draft, outcome=signal.outcome)
    return scope_for(draft, outcome=signal.outcome, item=element(draft, key, key.index), index=key.index)


def _may_retry(outcome: Outcome) -> bool:
    return outcome.status in _RETRIED and (outcome.error or {}).get("type") not in _FOR_GOOD


def _ending(draft: Draft) -> bool:
    return draft.stop is not None and draft.stop.kind in FORCED


def _shown(draft: Draft, node: TaskNode, signal: TaskFinished) -> Draft:
    """A draft in which `task.<name>` is the attempt that has just failed; the real one stays as it is."""
    shown = Draft(draft.graph, draft.freeze().state, draft.facts)
    shown.results = {**draft.results, node.name: signal.outcome.result}
    current = shown.under_way(node.name)
    outcome = signal.outcome
    last = Ended(
        current.iteration,
        outcome.status,
        signal.attempt,
        outcome.error,
        outcome.started_at or current.started_at,
        outcome.completed_at or draft.facts.now,
    )
    shown.tasks[node.name] = replace(shown.task(node.name), last=last)
    return shown


def _delay(draft: Draft, node: TaskNode, retry: Retry, signal: TaskFinished) -> float:
    scope = _attempt_scope(draft, retry.delay.reads, signal)
    base = seconds(retry.delay, scope, f"{node.name}.retry.delay", positive=False)
    wait = retry_delay(retry.backoff, base, signal.attempt, retry.max_delay)
    key = signal.key
    return spread(wait, retry.jitter, draft.facts.seed, key.task, key.iteration, key.index, signal.attempt)


def _try_again(draft: Draft, node: TaskNode, key: TaskKey, attempt: int, delay: float) -> None:
    """While pausing even a retry without delay waits, on a timer that is held until the run resumes."""
    waits = delay > 0 or draft.pausing
    current = draft.under_way(key.task)
    if current.items is None:
        phase = Phase.WAITING if waits else Phase.RUNNING
        draft.change(key.task, current=replace(current, attempt=attempt, phase=phase))
    elif waits:
        counts = replace(current.items, waiting=current.items.waiting + 1)
        draft.change(key.task, current=replace(current, items=counts))
    draft.emit(RetryAction(key, attempt, delay=delay, waits=waits))
    if waits:
        draft.emit(SetTimer(TimerKind.RETRY, delay, key, attempt))


def _finish(draft: Draft, node: TaskNode, signal: TaskFinished, outcome: Outcome) -> None:
    """The execution keeps what its action did; the task's outcome may be worse (a condition that failed).

    Of an item there is one record alone, which has the final outcome.
    """
    if node.iteration is not None:
        draft.emit(FinishExecution(signal.key, outcome))
        draft.note_item(signal.key, outcome)
        items.item_ended(draft, node, node.iteration, signal.key, outcome)
    else:
        draft.emit(FinishExecution(signal.key, signal.outcome))
        end_task(draft, node.name, outcome)
