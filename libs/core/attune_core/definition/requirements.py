"""What must have happened before a task starts: per earlier task the outcomes and branches that allow it.

Two sources whose requirements contradict each other never both fire in one pass. Tasks inside loops can have
several outcomes in one run, so nothing is required of them; nor of tasks whose routes never exclude each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Final

from attune_core.definition.components import components, is_loop
from attune_core.definition.graph import Graph, Route, RouteOn, TaskNode

Choice = tuple[RouteOn, str]
Requirement = Mapping[str, frozenset[Choice]]

_BUDGET: Final = 1_000_000
"""Compared outcomes per workflow; what is denser than that is not analysed."""

_CALL: Final = re.compile(r"(?:\{\{)?\s*(succeeded|failed|timed_out|completed)\s*\(\s*\)\s*(?:\}\})?\Z")
_LISTENS: Final = {
    "succeeded": frozenset({RouteOn.SUCCEEDED}),
    "failed": frozenset({RouteOn.FAILED, RouteOn.TIMED_OUT}),
    "timed_out": frozenset({RouteOn.TIMED_OUT}),
    "completed": frozenset({RouteOn.SUCCEEDED, RouteOn.FAILED, RouteOn.TIMED_OUT}),
}


class Choices:
    """The outcomes of one task, told apart by the branch that was taken.

    `exclusive_conditions`: take conditional `next` entries for branches of which one fires.
    """

    def __init__(self, node: TaskNode, *, exclusive_conditions: bool = False) -> None:
        self.node = node
        self._own = {
            route.label for route in node.routes if route.exclusive or (exclusive_conditions and _effective(route)[1])
        }
        self._all = {outcome: self._split(outcome) for outcome in RouteOn}

    def of(self, route: Route) -> frozenset[Choice]:
        """With which of them the route can fire."""
        on, _ = _effective(route)
        if route.label in self._own:
            return frozenset((outcome, route.label) for outcome in on)
        return frozenset().union(*(self._all[outcome] for outcome in on))

    def by_target(self) -> dict[str, frozenset[Choice]]:
        found: dict[str, set[Choice]] = {}
        for route in self.node.routes:
            choices = self.of(route)
            for target in route.targets:
                found.setdefault(target, set()).update(choices)
        return {target: frozenset(choices) for target, choices in found.items()}

    def exclude_each_other(self) -> bool:
        """Whether there are two routes that never fire together."""
        distinct = {self.of(route) for route in self.node.routes}
        return any(first.isdisjoint(second) for first, second in combinations(distinct, 2))

    def _split(self, outcome: RouteOn) -> frozenset[Choice]:
        labels = {
            route.label for route in self.node.routes if route.label in self._own and outcome in _effective(route)[0]
        }
        rest = set() if labels and self._always_decides(outcome) else {""}
        return frozenset((outcome, label) for label in labels | rest)

    def _always_decides(self, outcome: RouteOn) -> bool:
        exclusive = [route for route in self.node.routes if route.exclusive and outcome in route.on]
        return bool(exclusive) and exclusive[-1].when is None


class TooDense(Exception):
    """The graph has so many edges that the analysis would take long."""


class Requirements:
    """The requirements of all tasks, computed sources first. Errors: TooDense, from every method."""

    def __init__(self, graph: Graph, *, exclusive_conditions: bool) -> None:
        self._graph = graph
        edges = {
            name: [target for route in node.routes for target in route.targets if target in graph.tasks]
            for name, node in graph.tasks.items()
        }
        self._spent = 0
        self._leads = {name: self._choices(node, exclusive_conditions) for name, node in graph.tasks.items()}
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

    def compatible(self, first: Requirement, second: Requirement) -> bool:
        """Whether both can hold in one run."""
        small, large = sorted((first, second), key=len)
        self._spend(1 + len(small))
        return all(task not in large or choices & large[task] for task, choices in small.items())

    def _spend(self, amount: int) -> None:
        self._spent += amount
        if self._spent > _BUDGET:
            raise TooDense

    def _choices(self, node: TaskNode, exclusive_conditions: bool) -> dict[str, frozenset[Choice]]:
        """Per target what leads to it; nothing when all routes of the task can fire together."""
        choices = Choices(node, exclusive_conditions=exclusive_conditions)
        return choices.by_target() if choices.exclude_each_other() else {}

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
        needed = self._needs.get(source, {})
        choices = self._leads[source].get(target, frozenset())
        self._spend(1 + len(needed) + len(choices))
        if source in self._loop_of or not choices:
            return needed
        return {**needed, source: choices}


def _effective(route: Route) -> tuple[frozenset[RouteOn], bool]:
    """The outcomes a route listens to once `succeeded()` and its kin are understood; is it conditional beyond?"""
    if route.when is None or route.exclusive:
        return route.on, False
    call = _CALL.match(route.when.source.strip())
    return (route.on & _LISTENS[call[1]], False) if call else (route.on, True)


def is_conditional(route: Route) -> bool:
    """Whether it depends on more than the outcome and the branch."""
    return _effective(route)[1]


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
