"""What every drawing of a workflow shows: nodes with a title and a few words, edges with a label and a kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from attune_core.definition.graph import Graph, Route, TaskKind, TaskNode
from attune_core.expressions.render import Value

_ENDINGS: Final = ("noop", "fail", "complete")
_LONGEST: Final = 42


class NodeKind(StrEnum):
    ACTION = "action"
    NOOP = "noop"
    PARALLEL = "parallel"
    ENDING = "ending"
    """`noop`, `fail` or `complete`, once for each task that leads there."""


class EdgeKind(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"
    ALWAYS = "always"
    SKIP = "skip"
    CONDITION = "condition"
    DEPENDENCY = "dependency"


@dataclass(frozen=True, slots=True)
class Node:
    """`id` is a name of letters, digits and _. `words`: what else is worth knowing, one per line."""

    id: str
    title: str
    kind: NodeKind
    words: tuple[str, ...] = ()
    children: tuple[Node, ...] = ()
    is_start: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """`label` is short; `about` is all of it."""

    source: str
    target: str
    kind: EdgeKind
    label: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def picture_of(graph: Graph) -> Picture:
    tasks = [node for node in graph.tasks.values() if node.block is None]
    nodes = [_node(node, graph) for node in tasks]
    endings: dict[str, Node] = {}
    edges: list[Edge] = []
    for node in tasks:
        for route in node.routes:
            edges += _edges(node, route, graph, endings)
        edges += _dependencies(node, graph)
    return Picture(graph.ref, (*nodes, *endings.values()), tuple(dict.fromkeys(edges)))


def _node(node: TaskNode, graph: Graph) -> Node:
    children = tuple(_node(graph.tasks[child], graph) for child in node.children)
    kind = NodeKind(node.kind.value)
    return Node(node.name, node.name, kind, tuple(_words(node)), children, node.name in graph.start)


def _words(node: TaskNode) -> Iterator[str]:
    if node.action:
        yield node.action
    elif node.kind is TaskKind.PARALLEL:
        yield "parallel, stops at the first failure" if node.fail_fast else "parallel"
    if node.when is not None:
        yield f"when {bare(node.when.source)}"
    if node.iteration is not None:
        yield f"for each of {_value(node.iteration.items)}"
    if node.join is not None:
        yield f"after {'all' if node.join == 'all' else node.join} of {len(node.sources)}"
    if node.retry is not None and node.retry.count:
        yield f"up to {node.retry.count} retries"
    if node.timeout is not None:
        yield f"timeout {_value(node.timeout)} s"
    if node.delay is not None:
        yield f"after {_value(node.delay)} s"


def _value(value: Value) -> str:
    """A template without its braces; a literal list by its length."""
    source = value.source
    if isinstance(source, list | dict):
        return f"{len(source)} items"
    return bare(str(source))


def bare(text: str) -> str:
    """An expression without the braces around it, on one line."""
    flat = " ".join(text.split())
    inner = flat.removeprefix("{{").removesuffix("}}").strip()
    return inner if flat.startswith("{{") and flat.endswith("}}") and "{{" not in inner else flat


def short(text: str, limit: int = _LONGEST) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _edges(node: TaskNode, route: Route, graph: Graph, endings: dict[str, Node]) -> Iterator[Edge]:
    kind, label = _told(route)
    for target in route.targets:
        if target in graph.tasks:
            yield Edge(node.name, target, kind, short(label), label)
        elif target in _ENDINGS:
            # a - cannot be part of a task's name
            ending = f"{node.name}__{target}"
            endings.setdefault(ending, Node(ending, target, NodeKind.ENDING))
            yield Edge(node.name, ending, kind, short(label), label)


def _told(route: Route) -> tuple[EdgeKind, str]:
    if route.when is not None:
        return EdgeKind.CONDITION, bare(route.when.source)
    if route.label.startswith("decision"):
        return EdgeKind.CONDITION, "else"
    match route.label.partition("[")[0]:
        case "on_success":
            return EdgeKind.SUCCESS, "else" if route.exclusive else ""
        case "on_failure":
            return EdgeKind.FAILURE, "failed"
        case "on_timeout":
            return EdgeKind.FAILURE, "timed out"
        case "on_skip":
            return EdgeKind.SKIP, "skipped"
        case _:
            return EdgeKind.ALWAYS, "always"


def _dependencies(node: TaskNode, graph: Graph) -> Iterator[Edge]:
    for dependency in node.depends_on:
        if dependency.task in graph.tasks:
            label = "needs" if dependency.type.value == "hard" else f"needs ({dependency.type.value})"
            yield Edge(_outer(dependency.task, graph), node.name, EdgeKind.DEPENDENCY, label, label)


def _outer(name: str, graph: Graph) -> str:
    """The outermost block of a sub-task: drawings lead edges to whole blocks."""
    while (block := graph.tasks[name].block) is not None:
        name = block
    return name
