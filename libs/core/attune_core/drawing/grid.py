"""Rows for a layered drawing: nodes on even rows, the labels of edges between them, and room where edges pass.

An edge over several rows becomes a chain of cells, one on each, so that nothing else stands in its way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from attune_core.drawing.order import back_edges, layers
from attune_core.drawing.picture import Edge, Picture

_MOST_CELLS: Final = 20_000
PASSING: Final = 12.0
"""The width that an edge needs where it passes a row."""


@dataclass(slots=True, eq=False)
class Cell:
    """A node (`id`), or a part of an edge. `x` is its middle. `above` and `below` are its neighbours."""

    row: int
    width: float
    id: str = ""
    x: float = 0.0
    above: list[Cell] = field(default_factory=list)
    below: list[Cell] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Link:
    """An edge on its way from the upper to the lower node. `is_back`: it points upwards. `label`: the cell of it."""

    edge: Edge
    upper: Cell
    lower: Cell
    between: list[Cell]
    is_back: bool
    label: Cell | None


@dataclass(slots=True)
class Grid:
    """`loops` are edges from a node to itself."""

    rows: list[list[Cell]]
    cells: dict[str, Cell]
    links: list[Link]
    loops: list[Edge]


def grid_of(picture: Picture, widths: Mapping[str, float], label_widths: Mapping[Edge, float]) -> Grid:
    layer = layers(picture, back_edges(picture))
    cells = {node.id: Cell(2 * layer[node.id], widths[node.id], node.id) for node in picture.nodes}
    rows: list[list[Cell]] = [[] for _ in range(max((cell.row for cell in cells.values()), default=0) + 1)]
    for cell in cells.values():
        rows[cell.row].append(cell)
    grid = Grid(rows, cells, [], [])
    room = _MOST_CELLS
    for edge in picture.edges:
        if edge.source == edge.target:
            grid.loops.append(edge)
            continue
        room -= abs(cells[edge.source].row - cells[edge.target].row)
        grid.links.append(_link(grid, edge, label_widths[edge], is_direct=room < 0))
    return grid


def _link(grid: Grid, edge: Edge, label_width: float, *, is_direct: bool) -> Link:
    """`is_direct`: the drawing is so large that edges go straight through it."""
    source, target = grid.cells[edge.source], grid.cells[edge.target]
    is_back = source.row > target.row
    upper, lower = (target, source) if is_back else (source, target)
    if is_direct:
        return Link(edge, upper, lower, [], is_back, None)
    between = [Cell(row, PASSING) for row in range(upper.row + 1, lower.row)]
    label = None
    if between and edge.label:
        label = between[-1] if is_back else between[0]
        label.width = label_width
    chain = [upper, *between, lower]
    for above, below in pairwise(chain):
        above.below.append(below)
        below.above.append(above)
    for cell in between:
        grid.rows[cell.row].append(cell)
    return Link(edge, upper, lower, between, is_back, label)
