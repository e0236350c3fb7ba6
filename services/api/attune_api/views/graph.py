"""The graph of a run: where it stands, and which ways it took."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from attune_api.views.executions import duration
from attune_api.views.tasks import Items, items
from attune_common.store.connection import Row
from attune_core.model.status import OutcomeStatus
from attune_core.workflow.codec import task_from_json
from attune_core.workflow.state import NEVER, TaskState


class Node(BaseModel):
    """`activations` counts the passes of the task, `attempts` those of the latest pass."""

    name: str
    status: str
    activations: int
    attempts: int
    started_at: datetime | None
    completed_at: datetime | None
    duration: float | None
    items: Items | None
    error: dict[str, Any] | None


class Edge(BaseModel):
    """`on` names the transition, e.g. `on_success`, `decision[1]`. `fired`: the latest pass went this way."""

    model_config = ConfigDict(populate_by_name=True)

    source: str = Field(alias="from")
    to: str
    on: str
    fired: bool


class GraphView(BaseModel):
    workflow_execution: int
    workflow_ref: str
    status: str
    nodes: list[Node]
    edges: list[Edge]


_ANY_END = frozenset({OutcomeStatus.SUCCEEDED, OutcomeStatus.FAILED, OutcomeStatus.TIMED_OUT})
_LISTENS = {
    "on_success": frozenset({OutcomeStatus.SUCCEEDED}),
    "on_failure": frozenset({OutcomeStatus.FAILED, OutcomeStatus.TIMED_OUT}),
    "on_timeout": frozenset({OutcomeStatus.TIMED_OUT}),
    "on_complete": _ANY_END,
    "on_skip": frozenset({OutcomeStatus.SKIPPED}),
    "decision": frozenset({OutcomeStatus.SUCCEEDED}),
    "next": _ANY_END,
    "depends_on": _ANY_END | {OutcomeStatus.SKIPPED},
    "contains": _ANY_END,
}


def graph(run: int, row: Row, tasks: list[Row]) -> GraphView:
    adjacency: Mapping[str, list[dict[str, str]]] = row["task_graph"]
    rows = {task["task_name"]: task for task in tasks}
    states = {name: task_from_json(task["state"]) for name, task in rows.items()}
    named = dict.fromkeys([*_defined(row["tasks"]), *adjacency, *rows])
    edges = [
        Edge(source=source, to=way["to"], on=way["on"], fired=_fired(source, way, states))
        for source in named
        for way in adjacency.get(source, ())
    ]
    nodes = [_node(name, rows.get(name), states.get(name, NEVER)) for name in named]
    return GraphView(
        workflow_execution=run, workflow_ref=row["workflow_ref"], status=row["status"], nodes=nodes, edges=edges
    )


def _defined(tasks: Any) -> list[str]:
    """The names in the order of the definition, sub-tasks after their block; jsonb keeps no order of keys."""
    names: list[str] = []
    for task in tasks:
        names += [task["name"], *_defined(task.get("tasks") or [])]
    return names


def _node(name: str, row: Row | None, state: TaskState) -> Node:
    shown = state.current or state.last
    completed = None if state.current or state.last is None else state.last.completed_at
    started = shown.started_at if shown else None
    error = None if state.current or state.last is None else state.last.error
    return Node(
        name=name,
        status="pending" if row is None else row["status"],
        activations=state.activations,
        attempts=shown.attempt if shown else 0,
        started_at=started,
        completed_at=completed,
        duration=duration(started, completed),
        items=items(shown.items if shown else None),
        error=None if error is None else dict(error),
    )


def _fired(source: str, way: Mapping[str, str], states: Mapping[str, TaskState]) -> bool:
    """Whether the latest end of the source listens to this transition and the target was reached."""
    last = states.get(source, NEVER).last
    if last is None or last.status not in _LISTENS.get(way["on"].partition("[")[0], _ANY_END):
        return False
    target = states.get(way["to"])
    if target is None:
        return way["to"] in ("noop", "fail", "complete")
    return target.activations > 0 or source in target.fired
