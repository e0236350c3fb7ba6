"""From the stored definition to the graph that the engine routes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_core.definition.document import Unplaced
from attune_core.definition.graph import Graph
from attune_core.definition.problems import errors_of, to_problems
from attune_core.definition.workflow import read_workflow
from attune_core.errors import DefinitionError


def compile_graph(definition: Mapping[str, Any]) -> Graph:
    """The graph of a definition as `parse_workflow` gave it. Pure; callers cache it by the digest.

    Errors: DefinitionError (without lines) when the definition is not valid.
    """
    draft = read_workflow(definition)
    if draft.findings.errors:
        raise DefinitionError(errors_of(to_problems(draft.findings.all, Unplaced(draft.graph.ref))))
    return draft.graph


def adjacency(graph: Graph) -> dict[str, list[dict[str, str]]]:
    """`{task: [{"to": task, "on": label}]}`: transitions, dependencies (`depends_on`) and sub-tasks (`contains`).

    Targets may be the reserved `noop`, `fail` and `complete`.
    """
    edges: dict[str, list[dict[str, str]]] = {}
    for name, node in graph.tasks.items():
        found = [{"to": target, "on": route.label} for route in node.routes for target in route.targets]
        found += [{"to": dependent, "on": "depends_on"} for dependent in graph.dependents.get(name, ())]
        found += [{"to": child, "on": "contains"} for child in node.children]
        edges[name] = found
    return edges
