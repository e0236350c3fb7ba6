"""Joins that can never be met, and tasks that run twice because parallel branches reach them without a join."""

from __future__ import annotations

from itertools import combinations, islice
from typing import Final

from attune_core.definition.graph import Route, TaskNode
from attune_core.definition.requirements import Requirements, choices_of, compatible
from attune_core.definition.workflow import Draft

_MOST_PAIRS: Final = 300


def check_joins(draft: Draft) -> None:
    surely = Requirements(draft.graph, exclusive_conditions=False)
    probably = Requirements(draft.graph, exclusive_conditions=True)
    for node in draft.graph.tasks.values():
        if node.join is not None:
            _check_join(draft, node, surely)
        elif len(node.sources) > 1:
            _check_twice(draft, node, probably)
        if node.join is None:
            _check_same_source(draft, node)


def _check_join(draft: Draft, node: TaskNode, requirements: Requirements) -> None:
    needed = len(node.sources) if node.join == "all" else int(node.join or 0)
    path = (*draft.paths[node.name], "join")
    if not node.sources:
        hint = "remove `join`, or add transitions to the task"
        draft.findings.error(path, "join_unreachable", f"no transition leads to `{node.name}`", hint)
    elif needed > len(node.sources):
        message = f"`{node.name}` waits for {needed} tasks, and {len(node.sources)} lead to it"
        hint = f"write `join: all`, or a number up to {len(node.sources)}"
        draft.findings.error(path, "join_unreachable", message, hint)
    elif needed == len(node.sources):
        clash = _clash(node, requirements, wanted=False)
        if clash is not None:
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
        if compatible(arrivals[first], arrivals[second]) is wanted:
            return first, second
    return None


def _check_same_source(draft: Draft, node: TaskNode) -> None:
    for source in node.sources:
        routes = [route for route in draft.graph.tasks[source].routes if node.name in route.targets]
        for first, second in islice(combinations(routes, 2), _MOST_PAIRS):
            if _both_fire(draft.graph.tasks[source], first, second):
                path = (*draft.paths[source], first.label.split("[")[0])
                message = f"`{first.label}` and `{second.label}` both start `{node.name}`, which then runs twice"
                draft.findings.warning(path, "started_twice", message, "keep one of them", on_key=True)
                break


def _both_fire(source: TaskNode, first: Route, second: Route) -> bool:
    if first.exclusive and second.exclusive:
        return False
    unknown = (first.when is not None and not first.exclusive) or (second.when is not None and not second.exclusive)
    return not unknown and bool(choices_of(source, first) & choices_of(source, second))
