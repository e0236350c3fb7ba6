"""One item of an iteration: its beginning, now or once more, and what its end counts for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attune_core.definition.graph import Iteration, TaskKind, TaskNode
from attune_core.expressions.scope import FactsMissing
from attune_core.model.outcome import Outcome
from attune_core.model.record import replace
from attune_core.model.status import OutcomeStatus
from attune_core.workflow.commands import RecordItem, RunAction, SetTimer
from attune_core.workflow.draft import Draft
from attune_core.workflow.facts import FailedItems
from attune_core.workflow.problems import TaskProblem, test
from attune_core.workflow.request import action_request
from attune_core.workflow.scope import scope_for
from attune_core.workflow.signals import TaskKey, TimerKind
from attune_core.workflow.state import ItemCounts

_COUNTER = {
    OutcomeStatus.SUCCEEDED: "succeeded",
    OutcomeStatus.FAILED: "failed",
    OutcomeStatus.TIMED_OUT: "timed_out",
    OutcomeStatus.CANCELLED: "cancelled",
    OutcomeStatus.SKIPPED: "skipped",
}
START_AT_ONCE = 500
"""So many items begin in one decision, however many there is room for, and fewer when their templates are dear.

The next decision follows at once.
"""
FETCH_AHEAD = 100
"""So many elements of a list are asked for, or as many as there is room for: decisions that follow read them soon."""


def begin_item(draft: Draft, node: TaskNode, number: int, counts: ItemCounts) -> ItemCounts:
    """Start the next item that has never run; the counts after that. Errors: FactsMissing."""
    index = counts.next
    item = element(draft, TaskKey(node.name, number), index, [(index, soon(counts))])
    counts = replace(counts, next=index + 1)
    return _begin(draft, node, TaskKey(node.name, number, index), item, counts)


def soon(counts: ItemCounts) -> int:
    """How many items from the next on will be read soon."""
    room = min(counts.limit - counts.live, START_AT_ONCE)
    return min(max(room, FETCH_AHEAD), counts.total - counts.next)


def begin_item_again(draft: Draft, node: TaskNode, number: int, counts: ItemCounts) -> ItemCounts:
    """Start the next item that an earlier try of the run has left unsuccessful; the counts after that.

    Errors: FactsMissing.
    """
    found = _next_failed(draft, (node.name, number), counts)
    if found is None:
        return replace(counts, redo=0)
    index, status, ahead = found
    item = element(draft, TaskKey(node.name, number), index, [(each, 1) for each in ahead])
    counts = replace(counts, redo=counts.redo - 1, redo_next=index + 1)
    counts = _plus(counts, status, -1)
    return _begin(draft, node, TaskKey(node.name, number, index), item, counts, again=status)


def _next_failed(
    draft: Draft, place: tuple[str, int], counts: ItemCounts
) -> tuple[int, OutcomeStatus, tuple[int, ...]] | None:
    """The next item to run again, its outcome, and the indices that will follow soon; None when none is left.

    Errors: FactsMissing.
    """
    start = counts.redo_next
    known = draft.facts.failed_items.get(place)
    if known is None or start < known.first:
        known = FailedItems(start, start)
    found = known.next(start)
    if found is not None:
        return (*found, known.known(start, min(max(1, counts.limit - counts.live), START_AT_ONCE)))
    if known.until < counts.next:
        raise FactsMissing(failed=frozenset({(*place, max(start, known.until), counts.next)}))
    return None


def element(draft: Draft, key: TaskKey, index: int, wanted: Iterable[tuple[int, int]] = ()) -> Any:
    """An element of the pass's list. `wanted`: what to ask for when it was not fetched, as (first, count).

    Errors: FactsMissing.
    """
    place = (key.task, key.iteration)
    if place in draft.fresh_items:
        return draft.fresh_items[place][index]
    fetched = draft.facts.items.get(place, {})
    if index not in fetched:
        raise FactsMissing(items=frozenset((*place, first, count) for first, count in wanted or [(index, 1)]))
    return fetched[index]


def _begin(
    draft: Draft,
    node: TaskNode,
    key: TaskKey,
    item: Any,
    counts: ItemCounts,
    again: OutcomeStatus | None = None,
) -> ItemCounts:
    try:
        request = _request(draft, node, key, item)
    except TaskProblem as problem:
        outcome = Outcome(OutcomeStatus.FAILED, error=dict(problem.error))
    else:
        if request is not None and (node.kind is not TaskKind.NOOP or request.delay > 0):
            return _launch(draft, request if again is None else replace(request, again=again), counts)
        outcome = Outcome(OutcomeStatus.SKIPPED) if request is None else Outcome.succeeded()
    draft.emit(RecordItem(key, node.action or "core.noop", outcome, again))
    draft.note_item(key, outcome)
    assert node.iteration is not None
    return counted(node.iteration, counts, key, outcome)


def _request(draft: Draft, node: TaskNode, key: TaskKey, item: Any) -> RunAction | None:
    """None when the item's own `when` is false."""
    scope = scope_for(draft, item=item, index=key.index)
    per_item = node.iteration is not None and node.iteration.when_per_item
    if per_item and node.when is not None and not test(node.when, scope, f"{node.name}.when"):
        return None
    return action_request(node, key, scope)


def _launch(draft: Draft, request: RunAction, counts: ItemCounts) -> ItemCounts:
    draft.emit(request)
    if request.delay > 0:
        draft.emit(SetTimer(TimerKind.DELAY, request.delay, request.key, attempt=1))
    return replace(counts, live=counts.live + 1, waiting=counts.waiting + int(request.delay > 0))


def counted(iteration: Iteration, counts: ItemCounts, key: TaskKey, outcome: Outcome) -> ItemCounts:
    """The counts after an item's final outcome. What is still to run again is no failure of this try."""
    counts = _plus(counts, outcome.status, 1)
    if outcome.status in (OutcomeStatus.SUCCEEDED, OutcomeStatus.SKIPPED):
        return counts
    if counts.first_error is None:
        error = outcome.error or {"type": outcome.status.value, "message": outcome.status.value}
        counts = replace(counts, first_error={**error, "index": key.index})
    too_many = not tolerated(iteration, counts) and not iteration.continue_on_failure
    return replace(counts, stopping=counts.stopping or too_many)


def _plus(counts: ItemCounts, status: OutcomeStatus, step: int) -> ItemCounts:
    counter = _COUNTER[status]
    return replace(counts, **{counter: getattr(counts, counter) + step})


def tolerated(iteration: Iteration, counts: ItemCounts) -> bool:
    failures = counts.failures - counts.redo
    if iteration.tolerate_percentage is not None:
        return failures * 100 <= iteration.tolerate_percentage * counts.total
    return failures <= (iteration.tolerate_count or 0)
