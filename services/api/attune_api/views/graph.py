"""The graph of a run: where it stands, and which ways it took."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from attune_api.runstate import Seen
from attune_api.views.executions import duration
from attune_api.views.tasks import Items, items
from attune_core.workflow.run_graph import RunEdge, RunNode, run_graph
from attune_core.workflow.trail import Trail


class Node(BaseModel):
    """`activations` counts the passes of the task, `attempts` those of the latest pass; `duration` in seconds.

    `kind`: action, noop or parallel. `block`: the parallel block that it is a sub-task of.
    """

    name: str
    kind: str
    action: str | None
    block: str | None
    status: str
    activations: int
    attempts: int
    started_at: datetime | None
    completed_at: datetime | None
    duration: float | None
    items: Items | None
    error: dict[str, Any] | None


class Edge(BaseModel):
    """`on` names the transition, e.g. `on_success`, `decision[1]`, `depends_on`, `contains`. `times`: how often the

    run went this way; `fired`: at all. `condition` as written; `gave`: what it gave when it was last asked: `true`,
    `false`, or why it could not be rendered; null when it was never asked.
    """

    model_config = ConfigDict(populate_by_name=True)

    source: str = Field(alias="from")
    to: str
    on: str
    condition: str | None
    fired: bool
    times: int
    gave: str | None


class GraphView(BaseModel):
    workflow_execution: int
    workflow_ref: str
    status: str
    nodes: list[Node]
    edges: list[Edge]


def graph(seen: Seen, trail: Trail) -> GraphView:
    """Tasks in the order of the definition, sub-tasks after their block."""
    found = run_graph(seen.graph, seen.state.tasks, trail)
    return GraphView(
        workflow_execution=seen.id,
        workflow_ref=seen.workflow_ref,
        status=seen.state.status.value,
        nodes=[_node(node) for node in found.nodes],
        edges=[_edge(edge) for edge in found.edges],
    )


def _node(node: RunNode) -> Node:
    names = ("name", "kind", "action", "block", "status", "activations", "attempts", "started_at", "completed_at")
    return Node(
        **{name: getattr(node, name) for name in names},
        duration=duration(node.started_at, node.completed_at),
        items=items(node.items),
        error=None if node.error is None else dict(node.error),
    )


def _edge(edge: RunEdge) -> Edge:
    return Edge(
        source=edge.source,
        to=edge.target,
        on=edge.on,
        condition=edge.condition,
        fired=edge.times > 0,
        times=edge.times,
        gave=edge.gave,
    )
