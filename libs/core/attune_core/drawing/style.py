"""The colours of drawings: by kind of node and of edge, readable on light and dark paper."""

from __future__ import annotations

from typing import Final

from attune_core.drawing.picture import EdgeKind, NodeKind

NODES: Final = {
    NodeKind.ACTION: ("#eef4ff", "#3b6fd4", "#13294b"),
    NodeKind.NOOP: ("#f3f4f6", "#8a94a3", "#2b3440"),
    NodeKind.PARALLEL: ("#faf5ff", "#8b5cf6", "#3b1d6e"),
    NodeKind.ENDING: ("#ffffff", "#8a94a3", "#2b3440"),
}
"""Fill, border, text."""

ENDINGS: Final = {"fail": "#c8372d", "complete": "#2f855a", "noop": "#8a94a3"}
EDGES: Final = {
    EdgeKind.SUCCESS: "#2f855a",
    EdgeKind.FAILURE: "#c8372d",
    EdgeKind.ALWAYS: "#4a5568",
    EdgeKind.SKIP: "#b7791f",
    EdgeKind.CONDITION: "#3b6fd4",
    EdgeKind.DEPENDENCY: "#8b5cf6",
}
