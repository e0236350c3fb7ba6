"""Iteration: a list, a window over it, and counters. The cost of one item's end does not depend on the length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from attune_core.definition.graph import Iteration, TaskKind, TaskNode
from attune_core.expressions.scope import FactsMissing
from attune_core.model.outcome import Outcome
from attune_core.model.status import OutcomeStatus
from attune_core.workflow.commands import RecordItem, RunAction, SetTimer, StoreItems
from attune_core.workflow.draft import Draft
from attune_core.workflow.ending import end_task
from attune_core.workflow.problems import TaskProblem, render, test
from attune_core.workflow.request import action_request
from attune_core.workflow.scope import scope_for
from attune_core.workflow.signals import TaskKey, TimerKind
from attune_core.workflow.state import ItemCounts, Phase

_COUNTER = {
    OutcomeStatus.SUCCEEDED: "succeeded",
    OutcomeStatus.FAILED: "failed",
    OutcomeStatus.TIMED_OUT: "timed_out",
    OutcomeStatus.CANCELLED: "cancelled",
    OutcomeStatus.SKIPPED: "skipped",
}
_FETCH_AHEAD = 100


def start(draft: Draft, node: TaskNode, iteration: Iteration) -> None:
    """Render the list once and start its first window. Errors: TaskProblem; FactsMissing."""
    elements = _elements(draft, node, iteration)
    limit = _limit(draft, node, iteration, len(elements))
    _enter(draft, node, ItemCounts(total=len(elements), limit=limit))
    if node.kind is TaskKind.NOOP:
        _store(draft, node, replace(_counts(draft, node), next=len(elements), succeeded=len(elements)))
    elif elements:
        number = _number(draft, node)
        draft.emit(StoreItems(node.name, number, elements))
        draft.fresh_items[(node.name, number)] = elements
    refill(draft, node, iteration)


def _elements(draft: Draft, node: TaskNode, iteration: Iteration) -> tuple[Any, ...]:
    raw = render(iteration.items, scope_for(draft), "with_items_error", f"{node.name}.with_items")
    if isinstance(raw, dict):
        raw = [{"key": key, "value": value} for key, value in raw.items()]
    if not isinstance(raw, list | tuple):
        message = f"{node.name}.with_items must give a list or a map, it gave {_kind(raw)}"
        raise TaskProblem("with_items_type", message)
    limit = draft.facts.item_limit
    if len(raw) > limit:
        message = f"{node.name}.with_items gave {len(raw)} items, the limit is {limit}"
        raise TaskProblem("items_limit", message, count=len(raw), limit=limit)
    return tuple(raw) if iteration.batch_size is None else _batches(raw, iteration.batch_size)


def _batches(raw: Sequence[Any], size: int) -> tuple[Any, ...]:
    return tuple(list(raw[first : first + size]) for first in range(0, len(raw), size))


def _kind(raw: Any) -> str:
    names = {str: "text", bool: "a boolean", int: "a number", float: "a number", type(None): "null"}
    return names.get(type(raw), type(raw).__name__)


def _limit(draft: Draft, node: TaskNode, iteration: Iteration, total: int) -> int:
    if iteration.concurrency is None:
        return max(1, min(draft.facts.window, total))
    raw = render(iteration.concurrency, scope_for(draft), "input_error", f"{node.name}.concurrency")
    if isinstance(raw, bool) or not isinstance(raw, int) or raw < 1:
        raise TaskProblem("input_error", f"{node.name}.concurrency must be a whole number from 1, it is {raw!r}")
    return raw


def _enter(draft: Draft, node: TaskNode, counts: ItemCounts) -> None:
    current = draft.task(node.name).current
    assert current is not None
    started = current.started_at or draft.facts.now
    draft.change(node.name, current=replace(current, phase=Phase.RUNNING, started_at=started, items=counts))


def _counts(draft: Draft, node: TaskNode) -> ItemCounts:
    current = draft.task(node.name).current
    assert current is not None
    assert current.items is not None
    return current.items


def _number(draft: Draft, node: TaskNode) -> int:
    current = draft.task(node.name).current
    assert current is not None
    return current.iteration


def _store(draft: Draft, node: TaskNode, counts: ItemCounts) -> None:
    current = draft.task(node.name).current
    assert current is not None
    draft.change(node.name, current=replace(current, items=counts))


def refill(draft: Draft, node: TaskNode, iteration: Iteration) -> None:
    """Start items up to the limit, then end the task when nothing of it is left."""
    while draft.may_start:
        counts = _counts(draft, node)
        if counts.stopping or counts.live >= counts.limit or counts.next >= counts.total:
            break
        _start_next(draft, node, iteration, counts)
    counts = _counts(draft, node)
    halted = counts.stopping or draft.stop is not None
    if counts.live == 0 and (counts.next >= counts.total or halted):
        _end(draft, node, iteration, counts)


def _start_next(draft: Draft, node: TaskNode, iteration: Iteration, counts: ItemCounts) -> None:
    index = counts.next
    item = _item(draft, node, index, counts)
    key = TaskKey(node.name, _number(draft, node), index)
    _store(draft, node, replace(counts, next=index + 1))
    try:
        request = _request(draft, node, iteration, key, item)
    except TaskProblem as problem:
        _record_unrun(draft, node, key, Outcome(OutcomeStatus.FAILED, error=dict(problem.error)))
    else:
        if request is None:
            _record_unrun(draft, node, key, Outcome(OutcomeStatus.SKIPPED))
        else:
            _launch(draft, node, request)


def _item(draft: Draft, node: TaskNode, index: int, counts: ItemCounts) -> Any:
    place = (node.name, _number(draft, node))
    if place in draft.fresh_items:
        return draft.fresh_items[place][index]
    fetched = draft.facts.items.get(place, {})
    if index not in fetched:
        count = min(_FETCH_AHEAD, counts.total - index)
        raise FactsMissing(items=frozenset({(*place, index, count)}))
    return fetched[index]


def _request(
    draft: Draft, node: TaskNode, iteration: Iteration, key: TaskKey, item: Any
) -> RunAction | None:
    """None when the item's own `when` is false."""
    scope = scope_for(draft, item=item, index=key.index)
    if iteration.when_per_item and node.when is not None and not test(node.when, scope, f"{node.name}.when"):
        return None
    return action_request(node, key, scope)


def _launch(draft: Draft, node: TaskNode, request: RunAction) -> None:
    counts = _counts(draft, node)
    waits = int(request.delay > 0)
    _store(draft, node, replace(counts, live=counts.live + 1, waiting=counts.waiting + waits))
    draft.emit(request)
    if request.delay > 0:
        draft.emit(SetTimer(TimerKind.DELAY, request.delay, request.key, attempt=1))


def _record_unrun(draft: Draft, node: TaskNode, key: TaskKey, outcome: Outcome) -> None:
    draft.emit(RecordItem(key, node.action or "core.noop", outcome))
    draft.note_item(key, outcome)
    _store(draft, node, _counted(draft, node, _counts(draft, node), key, outcome))


def item_ended(draft: Draft, node: TaskNode, iteration: Iteration, key: TaskKey, outcome: Outcome) -> None:
    """An item reached its final outcome: count it, start what its place allows."""
    counts = _counts(draft, node)
    counts = replace(counts, live=counts.live - 1)
    _store(draft, node, _counted(draft, node, counts, key, outcome))
    refill(draft, node, iteration)


def _counted(
    draft: Draft, node: TaskNode, counts: ItemCounts, key: TaskKey, outcome: Outcome
) -> ItemCounts:
    counter = _COUNTER[outcome.status]
    counts = replace(counts, **{counter: getattr(counts, counter) + 1})
    if outcome.status in (OutcomeStatus.SUCCEEDED, OutcomeStatus.SKIPPED):
        return counts
    if counts.first_error is None:
        error = outcome.error or {"type": outcome.status.value, "message": outcome.status.value}
        counts = replace(counts, first_error={**error, "index": key.index})
    assert node.iteration is not None
    too_many = not tolerated(node.iteration, counts) and not node.iteration.continue_on_failure
    return replace(counts, stopping=counts.stopping or too_many)


def tolerated(iteration: Iteration, counts: ItemCounts) -> bool:
    failures = counts.failed + counts.timed_out + counts.cancelled
    if iteration.tolerate_percentage is not None:
        return failures * 100 <= iteration.tolerate_percentage * counts.total
    return failures <= (iteration.tolerate_count or 0)


def _end(draft: Draft, node: TaskNode, iteration: Iteration, counts: ItemCounts) -> None:
    if draft.stop is not None and counts.next < counts.total and not counts.stopping:
        error = {"type": "cancelled", "message": f"the run ended before all items of {node.name} had run"}
        end_task(draft, node.name, Outcome(OutcomeStatus.CANCELLED, error=error), counts)
    elif tolerated(iteration, counts):
        end_task(draft, node.name, Outcome(OutcomeStatus.SUCCEEDED), counts)
    else:
        end_task(draft, node.name, Outcome(OutcomeStatus.FAILED, error=_items_failed(node, counts)), counts)


def _items_failed(node: TaskNode, counts: ItemCounts) -> dict[str, Any]:
    failures = counts.failed + counts.timed_out + counts.cancelled
    first = counts.first_error or {}
    message = f"{failures} of {counts.total} items of {node.name} failed, first item {first.get('index')}: "
    return {
        "type": "items_failed",
        "message": message + str(first.get("message", "")),
        "total_count": counts.total,
        "succeeded_count": counts.succeeded + counts.skipped,
        "failed_count": failures,
        "first_error": first,
    }
