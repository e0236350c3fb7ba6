"""The formats of drawings by name, for whoever offers them to users."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from attune_core.definition.graph import Graph
from attune_core.drawing.dot import as_dot
from attune_core.drawing.mermaid import as_mermaid
from attune_core.drawing.picture import picture_of
from attune_core.drawing.svg import as_svg
from attune_core.drawing.texts import as_text


class GraphFormat(StrEnum):
    TEXT = "text"
    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"


def draw(graph: Graph, form: GraphFormat) -> str:
    picture = picture_of(graph)
    match form:
        case GraphFormat.TEXT:
            return as_text(picture)
        case GraphFormat.MERMAID:
            return as_mermaid(picture)
        case GraphFormat.DOT:
            return as_dot(picture)
        case GraphFormat.SVG:
            return as_svg(picture)
        case _:
            assert_never(form)
