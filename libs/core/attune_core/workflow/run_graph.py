"""The graph of a run: where each task stands, and which ways were taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attune_core.definition.graph import Dependency, DependencyType, Graph, TaskNode
from attune_core.model.status import OutcomeStatus
from attune_core.workflow.codec import task_status
from attune_core.workflow.state import NEVER, ItemCounts, TaskState
from attune_core.workflow.trail import Trail, condition_gave, times_fired


@dataclass(frozen=True, slots=True)
class RunNode:
    """A task. `activations` counts its passes, `attempts` those of the latest; times and error are the latest's too."""

    name: str
    kind: str
    action: str | None
    block: str | None
    status: str
    activations: int
    attempts: int
    started_at: datetime | None
    completed_at: datetime | None
    items: ItemCounts | None
    error: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class RunEdge:
    """A way from a task to another or to `noop`, `fail`, `complete`.

    `on`: the transition's label (`on_success`, `decision[1]`), `depends_on`, or `contains` for a sub-task. `times`:
    how often it was taken. `condition` as written; `gave`: what that gave when it was last asked.
    """

    source: str
    target: str
    on: str
    condition: str | None
    times: int
    gave: str | None


@dataclass(frozen=True, slots=True)
class RunGraph:
    nodes: tuple[RunNode, ...]
    edges: tuple[RunEdge, ...]


def run_graph(graph: Graph, tasks: Mapping[str, TaskState], trail: Trail) -> RunGraph:
    """In the order of the definition; sub-tasks follow their block."""
    nodes = tuple(_node(node, tasks.get(node.name, NEVER)) for node in graph.tasks.values())
    edges = tuple(edge for node in graph.tasks.values() for edge in _edges(graph, node, tasks, trail))
    return RunGraph(nodes, edges)


def _node(node: TaskNode, task: TaskState) -> RunNode:
    shown = task.current or task.last
    ended = None if task.current is not None else task.last
    return RunNode(
        name=node.name,
        kind=node.kind.value,
        action=node.action,
        block=node.block,
        status=task_status(task).value,
        activations=task.activations,
        attempts=shown.attempt if shown else 0,
        started_at=shown.started_at if shown else None,
        completed_at=ended.completed_at if ended else None,
        items=shown.items if shown else None,
        error=ended.error if ended else None,
    )


def _edges(graph: Graph, node: TaskNode, tasks: Mapping[str, TaskState], trail: Trail) -> Iterator[RunEdge]:
    for route in node.routes:
        times = times_fired(trail, node.name, route.label)
        condition = None if route.when is None else str(route.when.source)
        gave = None if condition is None else condition_gave(trail, node.name, route.label)
        for target in route.targets:
            yield RunEdge(node.name, target, route.label, condition, times, gave)
    for name in graph.dependents.get(node.name, ()):
        times = int(_let_through(graph.tasks[name], node.name, tasks))
        yield RunEdge(node.name, name, "depends_on", None, times, None)
    for child in node.children:
        yield RunEdge(node.name, child, "contains", None, tasks.get(child, NEVER).activations, None)


def _let_through(dependent: TaskNode, source: str, tasks: Mapping[str, TaskState]) -> bool:
    """Whether the dependent task began, and this dependency was met then."""
    if tasks.get(dependent.name, NEVER).activations == 0:
        return False
    kinds = [dependency.type for dependency in dependent.depends_on if dependency.task == source]
    return all(_accepts(Dependency(source, kind), tasks) for kind in kinds)


def _accepts(dependency: Dependency, tasks: Mapping[str, TaskState]) -> bool:
    last = tasks.get(dependency.task, NEVER).last
    if last is None:
        return False
    return last.status is OutcomeStatus.SUCCEEDED or dependency.type is not DependencyType.HARD
