"""A workflow's graph from a file or from the platform, drawn or as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attune_core.definition.graph import Graph


class Drawing(StrEnum):
    """The formats of `attune_core.drawing`, without loading it."""

    TEXT = "text"
    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"


def graph_of_file(path: Path) -> Graph:
    """Errors: DefinitionError."""
    from attune_core.definition.parse import parse_workflow

    return parse_workflow(path.read_bytes(), str(path)).graph


def graph_of_definition(definition: dict[str, Any]) -> Graph:
    from attune_core.definition.compile import compile_graph

    return compile_graph(definition)


def edges_of(graph: Graph) -> Mapping[str, Sequence[Mapping[str, str]]]:
    """task -> its transitions, each `{"to", "on"}`."""
    from attune_core.definition.compile import adjacency

    return adjacency(graph)


def draw(graph: Graph, form: Drawing) -> str:
    from attune_core.drawing.formats import GraphFormat
    from attune_core.drawing.formats import draw as drawn

    return drawn(graph, GraphFormat(form.value))
