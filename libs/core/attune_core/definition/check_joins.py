"""Joins that can never be met, and tasks that run twice because parallel branches reach them without a join."""

from __future__ import annotations

from itertools import combinations, islice
from typing import Final

from attune_core.definition.graph import Route, TaskNode
from attune_core.definition.requirements import Choices, Requirements, TooDense, is_conditional
from attune_core.definition.workflow import Draft

_MOST_PAIRS: Final = 300


def check_joins(draft: Draft) -> None:
    """In a graph too dense to analyse only the numbers are checked."""
    nodes = draft.graph.tasks.values()
    for node in nodes:
        if node.join is not None:
            _check_number(draft, node)
        _check_started_twice(draft, node)
    try:
        surely = Requirements(draft.graph, exclusive_conditions=False)
        probably = Requirements(draft.graph, exclusive_conditions=True)
        for node in nodes:
            if node.join is not None:
                _check_exclusive(draft, node, surely)
            else:
                _check_twice(draft, node, probably)
    except TooDense:
        return


def _needed(node: TaskNode) -> int:
    return len(node.sources) if node.join == "all" else int(node.join or 0)


def _check_number(draft: Draft, node: TaskNode) -> None:
    needed = _needed(node)
    path = (*draft.paths[node.name], "join")
    if not node.sources:
        hint = "remove `join`, or add transitions to the task"
        draft.findings.error(path, "join_unreachable", f"no transition leads to `{node.name}`", hint)
    elif needed > len(node.sources):
        message = f"`{node.name}` waits for {needed} tasks, and {len(node.sources)} lead to it"
        hint = f"write `join: all`, or a number up to {len(node.sources)}"
        draft.findings.error(path, "join_unreachable", message, hint)


def _check_exclusive(draft: Draft, node: TaskNode, requirements: Requirements) -> None:
    if _needed(node) != len(node.sources):
        return
    clash = _clash(node, requirements, wanted=False)
    if clash is not None:
        path = (*draft.paths[node.name], "join")
        message = f"`{clash[0]}` and `{clash[1]}` never both lead to `{node.name}` in one run"
        hint = "write `join: 1`, or remove the `join`"
        draft.findings.error(path, "join_unreachable", message, hint)


def _check_twice(draft: Draft, node: TaskNode, requirements: Requirements) -> None:
    pair = _clash(node, requirements, wanted=True)
    if pair is not None:
        path = (*draft.paths[node.name], "name")
        message = f"`{pair[0]}` and `{pair[1]}` can both lead to `{node.name}`, which then runs twice"
        hint = "add `join: all` to run it once after all of them, or `join: 1` after the first"
        draft.findings.warning(path, "missing_join", message, hint)


def _clash(node: TaskNode, requirements: Requirements, *, wanted: bool) -> tuple[str, str] | None:
    """The first two sources that can (`wanted`) or cannot both lead to the task."""
    arrivals = requirements.arrivals(node)
    for first, second in islice(combinations(arrivals, 2), _MOST_PAIRS):
        if requirements.compatible(arrivals[first], arrivals[second]) is wanted:
            return first, second
    return None


def _check_started_twice(draft: Draft, source: TaskNode) -> None:
    """Two unconditional transitions of one task to the same target."""
    choices = Choices(source)
    leading: dict[str, list[Route]] = {}
    for route in source.routes:
        for target in route.targets if not is_conditional(route) else ():
            leading.setdefault(target, []).append(route)
    for target, routes in leading.items():
        node = draft.graph.tasks.get(target)
        if node is None or node.join is not None:
            continue
        for first, second in islice(combinations(routes, 2), _MOST_PAIRS):
            if not (first.exclusive and second.exclusive) and choices.of(first) & choices.of(second):
                path = (*draft.paths[source.name], first.label.split("[")[0])
                message = f"`{first.label}` and `{second.label}` both start `{target}`, which then runs twice"
                draft.findings.warning(path, "started_twice", message, "keep one of them", on_key=True)
                break
