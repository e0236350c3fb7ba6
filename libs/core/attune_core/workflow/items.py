"""Iteration: a list, a window over it, and counters. The cost of one item's end does not depend on the length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attune_core.definition.graph import Iteration, TaskNode
from attune_core.expressions.scope import FactsMissing
from attune_core.model.outcome import Outcome
from attune_core.model.record import replace
from attune_core.model.status import OutcomeStatus
from attune_core.workflow.commands import SetTimer, StoreItems
from attune_core.workflow.draft import Draft
from attune_core.workflow.ending import end_task
from attune_core.workflow.item import START_AT_ONCE, begin_item, begin_item_again, counted, tolerated
from attune_core.workflow.problems import TaskProblem, render_kept
from attune_core.workflow.scope import scope_for
from attune_core.workflow.signals import TaskKey, TimerKind
from attune_core.workflow.state import Activation, Ended, ItemCounts, Phase
from attune_core.workflow.window import first_limit, widened


def start(draft: Draft, node: TaskNode, iteration: Iteration) -> None:
    """Render the list once and start its first window. Errors: TaskProblem; FactsMissing."""
    elements = _elements(draft, node, iteration)
    limit = first_limit(draft, node, iteration, len(elements))
    _enter(draft, node, ItemCounts(total=len(elements), limit=limit))
    if elements:
        number = draft.under_way(node.name).iteration
        draft.emit(StoreItems(node.name, number, elements))
        draft.fresh_items[(node.name, number)] = elements
    refill(draft, node, iteration)


def restart(draft: Draft, node: TaskNode, iteration: Iteration, last: Ended, counts: ItemCounts) -> None:
    """Take up the pass that has ended: its failed items run again, then those that never ran. Errors: FactsMissing."""
    counts = replace(counts, redo=counts.failures, redo_next=0, first_error=None, stopping=False, refilling=False)
    current = Activation(last.iteration, Phase.RUNNING, last.attempt, last.started_at, counts)
    draft.change(node.name, current=current, last=None)
    refill(draft, node, iteration)


def _elements(draft: Draft, node: TaskNode, iteration: Iteration) -> tuple[Any, ...]:
    raw = render_kept(iteration.items, scope_for(draft), "with_items_error", f"{node.name}.with_items")
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


def _enter(draft: Draft, node: TaskNode, counts: ItemCounts) -> None:
    current = draft.under_way(node.name)
    started = current.started_at or draft.facts.now
    draft.change(node.name, current=replace(current, phase=Phase.RUNNING, started_at=started, items=counts))


def _counts(draft: Draft, node: TaskNode) -> ItemCounts:
    counts = draft.under_way(node.name).items
    assert counts is not None
    return counts


def _store(draft: Draft, node: TaskNode, counts: ItemCounts) -> None:
    draft.change(node.name, current=replace(draft.under_way(node.name), items=counts))


def refill(draft: Draft, node: TaskNode, iteration: Iteration) -> None:
    """Start items up to the limit, then end the task when nothing of it is left."""
    number = draft.under_way(node.name).iteration
    missing: list[FactsMissing] = []
    begun = 0
    while _has_room(draft, node) and begun < START_AT_ONCE and not draft.meter.low:
        _begin_next(draft, node, number, missing)
        begun += 1
    if _has_room(draft, node):
        _store(draft, node, replace(_counts(draft, node), refilling=True))
        draft.emit(SetTimer(TimerKind.REFILL, 0.0, TaskKey(node.name, number)))
    if missing:
        raise FactsMissing.together(missing)
    counts = _counts(draft, node)
    halted = counts.stopping or draft.stop is not None
    if counts.live == 0 and (halted or not _left(counts)):
        _end(draft, node, iteration, counts)


def _begin_next(draft: Draft, node: TaskNode, number: int, missing: list[FactsMissing]) -> None:
    """What an item lacks is noted and the next one looked at: the decision is made once more, with all of it.

    Errors: FactsMissing when the item itself was not fetched.
    """
    counts = _counts(draft, node)
    begin = begin_item_again if counts.redo else begin_item
    try:
        _store(draft, node, begin(draft, node, number, counts))
    except FactsMissing as lacking:
        missing.append(lacking)
        if counts.redo or lacking.items:
            raise FactsMissing.together(missing) from lacking
        _store(draft, node, replace(counts, next=counts.next + 1, live=counts.live + 1))


def _has_room(draft: Draft, node: TaskNode) -> bool:
    counts = _counts(draft, node)
    stands = counts.stopping or counts.refilling
    return draft.may_start and not stands and counts.live < counts.limit and _left(counts)


def _left(counts: ItemCounts) -> bool:
    return counts.redo > 0 or counts.next < counts.total


def go_on(draft: Draft, node: TaskNode, iteration: Iteration) -> None:
    """Start what one decision was too short for. Errors: FactsMissing."""
    _store(draft, node, replace(_counts(draft, node), refilling=False))
    refill(draft, node, iteration)


def stop(draft: Draft, node: TaskNode, iteration: Iteration) -> None:
    """Start no further item. Errors: FactsMissing."""
    _store(draft, node, replace(_counts(draft, node), stopping=True))
    refill(draft, node, iteration)


def item_ended(draft: Draft, node: TaskNode, iteration: Iteration, key: TaskKey, outcome: Outcome) -> None:
    """An item reached its final outcome: count it, start what its place allows."""
    counts = _counts(draft, node)
    counts = widened(draft, iteration, replace(counts, live=counts.live - 1), outcome)
    _store(draft, node, counted(iteration, counts, key, outcome))
    refill(draft, node, iteration)


def _end(draft: Draft, node: TaskNode, iteration: Iteration, counts: ItemCounts) -> None:
    cut_short = _left(counts) and (not counts.stopping or tolerated(iteration, counts))
    cut_short = cut_short or (_is_stopped(draft, node) and _only_cancelled(iteration, counts))
    counts = replace(counts, redo=0, redo_next=0)
    if cut_short:
        end_task(
            draft, node.name, Outcome.cancelled(f"{node.name} was stopped before all of its items had run"), counts
        )
    elif tolerated(iteration, counts):
        end_task(draft, node.name, Outcome(OutcomeStatus.SUCCEEDED), counts)
    else:
        end_task(draft, node.name, Outcome(OutcomeStatus.FAILED, error=_items_failed(node, counts)), counts)


def _is_stopped(draft: Draft, node: TaskNode) -> bool:
    """Whether something outside of the task cancels its items: the end of the run, or a block that fails fast."""
    return draft.stop is not None or (node.block is not None and draft.node(node.block).fail_fast)


def _only_cancelled(iteration: Iteration, counts: ItemCounts) -> bool:
    """Too many items did not succeed, and without those that were cancelled it would not be too many."""
    return not tolerated(iteration, counts) and tolerated(iteration, replace(counts, cancelled=0))


def _items_failed(node: TaskNode, counts: ItemCounts) -> dict[str, Any]:
    first = counts.first_error or {}
    message = f"{counts.failures} of {counts.total} items of {node.name} failed, first item {first.get('index')}: "
    return {
        "type": "items_failed",
        "message": message + str(first.get("message", "")),
        "total_count": counts.total,
        "succeeded_count": counts.succeeded + counts.skipped,
        "failed_count": counts.failures,
        "first_error": first,
    }
