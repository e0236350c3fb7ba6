"""What must have happened before a task starts: per earlier task the outcomes and branches that allow it.

Two sources whose requirements contradict each other never both fire in one pass. Tasks inside loops can have
several outcomes in one run, so nothing is required of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from attune_core.definition.components import components, is_loop
from attune_core.definition.graph import Graph, Route, RouteOn, TaskNode

Choice = tuple[RouteOn, str]
Requirement = Mapping[str, frozenset[Choice]]

_CALL: Final = re.compile(r"(?:\{\{)?\s*(succeeded|failed|timed_out|completed)\s*\(\s*\)\s*(?:\}\})?\Z")
_LISTENS: Final = {
    "succeeded": frozenset({RouteOn.SUCCEEDED}),
    "failed": frozenset({RouteOn.FAILED, RouteOn.TIMED_OUT}),
    "timed_out": frozenset({RouteOn.TIMED_OUT}),
    "completed": frozenset({RouteOn.SUCCEEDED, RouteOn.FAILED, RouteOn.TIMED_OUT}),
}


def choices_of(node: TaskNode, route: Route, *, exclusive_conditions: bool = False) -> frozenset[Choice]:
    """The outcomes of a task, told apart by branch, with which a route of it can fire.

    `exclusive_conditions`: take conditional `next` entries for branches of which one fires.
    """
    on, conditional = _effective(route)
    labels = _branches(node, exclusive_conditions)
    own = route.exclusive or (exclusive_conditions and conditional)
    found: set[Choice] = set()
    for outcome in on:
        split = [label for label, outcomes in labels.items() if outcome in outcomes]
        if own:
            found.add((outcome, route.label))
        else:
            found.update((outcome, label) for label in split or [""])
            if split and not _always_decides(node):
                found.add((outcome, ""))
    return frozenset(found)


def compatible(first: Requirement, second: Requirement) -> bool:
    """Whether both can hold in one run."""
    small, large = sorted((first, second), key=len)
    return all(task not in large or choices & large[task] for task, choices in small.items())


class Requirements:
    """The requirements of all tasks, computed sources first."""

    def __init__(self, graph: Graph, *, exclusive_conditions: bool) -> None:
        self._graph = graph
        self._exclusive = exclusive_conditions
        edges = {
            name: [target for route in node.routes for target in route.targets if target in graph.tasks]
            for name, node in graph.tasks.items()
        }
        self._loop_of: dict[str, int] = {}
        self._needs: dict[str, Requirement] = {}
        found = components(edges)
        for number, component in enumerate(found):
            if is_loop(component, edges):
                self._loop_of.update(dict.fromkeys(component, number))
        for component in reversed(found):
            self._settle(component)

    def arrivals(self, node: TaskNode) -> dict[str, Requirement]:
        """Per source of the task what must have happened for it to lead there; loops back are left out."""
        return {
            source: self._arrival(source, node.name) for source in node.sources if not self._same_loop(source, node)
        }

    def _same_loop(self, source: str, node: TaskNode) -> bool:
        return source in self._loop_of and self._loop_of[source] == self._loop_of.get(node.name)

    def _settle(self, component: Iterable[str]) -> None:
        """The tasks of a loop share what is needed to enter it."""
        names = list(component)
        entering = [arrival for name in names for arrival in self.arrivals(self._graph.tasks[name]).values()]
        node = self._graph.tasks[names[0]]
        needed = _both(entering) if len(names) == 1 and _waits_for_all(node) else _either(entering)
        for name in names:
            self._needs[name] = needed

    def _arrival(self, source: str, target: str) -> Requirement:
        node = self._graph.tasks[source]
        needed = self._needs.get(source, {})
        if source in self._loop_of:
            return needed
        choices = frozenset(
            choice
            for route in node.routes
            if target in route.targets
            for choice in choices_of(node, route, exclusive_conditions=self._exclusive)
        )
        return {**needed, source: choices}


def _effective(route: Route) -> tuple[frozenset[RouteOn], bool]:
    """The outcomes a route listens to once `succeeded()` and its kin are understood; is it conditional beyond?"""
    if route.when is None or route.exclusive:
        return route.on, False
    call = _CALL.match(route.when.source.strip())
    return (route.on & _LISTENS[call[1]], False) if call else (route.on, True)


def _branches(node: TaskNode, exclusive_conditions: bool) -> dict[str, frozenset[RouteOn]]:
    return {
        route.label: _effective(route)[0]
        for route in node.routes
        if route.exclusive or (exclusive_conditions and _effective(route)[1])
    }


def _always_decides(node: TaskNode) -> bool:
    exclusive = [route for route in node.routes if route.exclusive]
    return bool(exclusive) and exclusive[-1].when is None


def _waits_for_all(node: TaskNode) -> bool:
    return node.join == "all" or node.join == len(node.sources)


def _either(entering: list[Requirement]) -> Requirement:
    """What holds whichever of them happened."""
    if not entering:
        return {}
    common = set(entering[0]).intersection(*entering[1:])
    return {task: frozenset().union(*(needed[task] for needed in entering)) for task in common}


def _both(entering: list[Requirement]) -> Requirement:
    """What holds after all of them; contradictions are reported elsewhere and dropped here."""
    merged: dict[str, frozenset[Choice]] = {}
    for needed in entering:
        for task, choices in needed.items():
            merged[task] = merged[task] & choices or choices if task in merged else choices
    return merged
