"""A run as the engine sees it, read for those who look at it: its graph, its state and the way that it took."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attune_api.errors import NotFound
from attune_common.store import run_views, tasks
from attune_common.store.connection import Connection
from attune_core.definition.compile import compile_graph
from attune_core.definition.graph import Graph
from attune_core.model.status import ExecutionStatus
from attune_core.workflow.codec import run_from_json
from attune_core.workflow.state import RunState

_KEPT = 100


@dataclass(frozen=True, slots=True)
class Seen:
    """`now`: PostgreSQL's time of the reading."""

    id: int
    workflow_ref: str
    graph: Graph
    state: RunState
    now: datetime


class _Graphs:
    """Compiled graphs by the digest of their definition, the youngest of them."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Graph] = OrderedDict()

    def of(self, digest: str, definition: Mapping[str, Any]) -> Graph:
        """Errors: DefinitionError."""
        graph = self._known.get(digest)
        if graph is None:
            graph = self._known[digest] = compile_graph(definition)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return graph


_graphs = _Graphs()


async def see(connection: Connection, run: int) -> Seen:
    """Errors: NotFound."""
    row = await run_views.state(connection, run)
    if row is None:
        raise NotFound(f"there is no workflow execution {run}")
    stored = await tasks.load(connection, [run])
    state = run_from_json(
        row["state"],
        status=ExecutionStatus(row["status"]),
        revision=row["revision"],
        tries=row["tries"],
        variables={},
        tasks=stored.get(run, {}),
    )
    graph = _graphs.of(row["version"], row["definition"])
    return Seen(run, row["workflow_ref"], graph, state, row["now"])
