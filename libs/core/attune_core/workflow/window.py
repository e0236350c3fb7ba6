"""How many items of a list are in flight at once: as many as its author says, or the deployment's window.

The window keeps a list from standing in everybody's way: a thousand items that take a second each would fill the queue
of the workers. Where items end at once they never wait there for long, so the window grows while they do.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from attune_core.definition.graph import Iteration, TaskNode
from attune_core.model.outcome import Outcome
from attune_core.model.record import replace
from attune_core.model.status import OutcomeStatus
from attune_core.workflow.draft import Draft
from attune_core.workflow.problems import TaskProblem, render
from attune_core.workflow.scope import scope_for
from attune_core.workflow.state import ItemCounts

AT_ONCE = timedelta(milliseconds=10)
GROWTH = 10
"""So many times the deployment's window is the most that a list may have in flight whose author says nothing."""


def first_limit(draft: Draft, node: TaskNode, iteration: Iteration, total: int) -> int:
    """Errors: TaskProblem; FactsMissing."""
    if iteration.concurrency is None:
        return max(1, min(draft.facts.window, total))
    raw: Any = render(iteration.concurrency, scope_for(draft), "input_error", f"{node.name}.concurrency")
    if isinstance(raw, bool) or not isinstance(raw, int) or raw < 1:
        raise TaskProblem("input_error", f"{node.name}.concurrency must be a whole number from 1, it is {raw!r}")
    return min(raw, max(1, total))


def widened(draft: Draft, iteration: Iteration, counts: ItemCounts, outcome: Outcome) -> ItemCounts:
    """One more for each item that ended at once."""
    if iteration.concurrency is not None or not _at_once(outcome):
        return counts
    most = min(GROWTH * draft.facts.window, counts.total)
    return replace(counts, limit=counts.limit + 1) if counts.limit < most else counts


def _at_once(outcome: Outcome) -> bool:
    if outcome.started_at is None or outcome.completed_at is None or outcome.status is not OutcomeStatus.SUCCEEDED:
        return False
    return outcome.completed_at - outcome.started_at < AT_ONCE
