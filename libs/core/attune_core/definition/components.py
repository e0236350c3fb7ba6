"""Strongly connected components of the task graph: the loops, and the order of everything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

Edges = Mapping[str, Sequence[str]]


def components(edges: Edges) -> list[list[str]]:
    """Tarjan's components without recursion, targets before sources. Unknown targets are ignored."""
    search = _Search(edges)
    for name in edges:
        if name not in search.index:
            search.run(name)
    return search.found


def is_loop(component: Sequence[str], edges: Edges) -> bool:
    return len(component) > 1 or component[0] in edges[component[0]]


class _Search:
    def __init__(self, edges: Edges) -> None:
        self.edges = edges
        self.index: dict[str, int] = {}
        self.low: dict[str, int] = {}
        self.stack: list[str] = []
        self.on_stack: set[str] = set()
        self.found: list[list[str]] = []

    def run(self, root: str) -> None:
        work: list[tuple[str, Iterator[str]]] = [self._open(root)]
        while work:
            name, rest = work[-1]
            target = next((other for other in rest if other in self.edges), None)
            if target is None:
                work.pop()
                if work:
                    self.low[work[-1][0]] = min(self.low[work[-1][0]], self.low[name])
                self._close(name)
            elif target not in self.index:
                work.append(self._open(target))
            elif target in self.on_stack:
                self.low[name] = min(self.low[name], self.index[target])

    def _open(self, name: str) -> tuple[str, Iterator[str]]:
        self.index[name] = self.low[name] = len(self.index)
        self.stack.append(name)
        self.on_stack.add(name)
        return name, iter(self.edges[name])

    def _close(self, name: str) -> None:
        if self.low[name] != self.index[name]:
            return
        component: list[str] = []
        while not component or component[-1] != name:
            component.append(self.stack.pop())
        self.on_stack.difference_update(component)
        self.found.append(component[::-1])
