"""A picture as SVG: boxes on layers from top to bottom, edges around them, conditions as labels on the edges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from attune_core.drawing import pen
from attune_core.drawing.boxes import draw_node, size_of, text_of, word_width
from attune_core.drawing.grid import Cell, Grid, Link, grid_of
from attune_core.drawing.layout import arrange
from attune_core.drawing.picture import Edge, Node, Picture

_MARGIN: Final = 24.0
_HEAD: Final = 50.0
_LABEL_ROW: Final = 56.0
_LOOP: Final = 30.0
_PORTS: Final = 26.0
_LEGEND: Final = 30.0


def as_svg(picture: Picture) -> str:
    """A document of its own; fonts are those of the viewer."""
    nodes = {node.id: node for node in picture.nodes}
    loops = {edge.source: edge for edge in picture.edges if edge.source == edge.target}
    beside = {name: _LOOP + word_width(loop.label) + 8 for name, loop in loops.items()}
    widths = {name: size_of(node)[0] + beside.get(name, 0.0) for name, node in nodes.items()}
    grid = grid_of(picture, widths, {edge: word_width(edge.label) + 14 for edge in picture.edges})
    arrange(grid)
    return "\n".join(_Drawing(picture, grid, nodes, beside).lines())


@dataclass(frozen=True, slots=True)
class _Band:
    """The height of a row on the paper."""

    top: float
    bottom: float

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


class _Drawing:
    """`beside`: by node, the room that its loop takes at its right."""

    def __init__(self, picture: Picture, grid: Grid, nodes: dict[str, Node], beside: dict[str, float]) -> None:
        self.picture, self.grid, self.nodes, self.beside = picture, grid, nodes, beside
        self.kinds = list(dict.fromkeys(edge.kind for edge in picture.edges))
        self.bands = self._bands()
        right = max((cell.x + cell.width / 2 for row in grid.rows for cell in row), default=0.0)
        self.width = max(right, word_width(picture.title) * 1.4, pen.legend_width(self.kinds)) + 2 * _MARGIN
        self.height = self.bands[-1].bottom + _MARGIN + (_LEGEND if self.kinds else 0)

    def _bands(self) -> list[_Band]:
        at, bands = _MARGIN + _HEAD, []
        for index, row in enumerate(self.grid.rows):
            heights = [size_of(self.nodes[cell.id])[1] for cell in row if cell.id]
            height = max(heights, default=0.0) if index % 2 == 0 else _LABEL_ROW
            bands.append(_Band(at, at + height))
            at += height
        return bands

    def lines(self) -> Iterator[str]:
        size = f'width="{self.width:.0f}" height="{self.height:.0f}"'
        title = text_of(self.picture.title)
        yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {self.width:.0f} {self.height:.0f}"'
        yield ' font-family="ui-sans-serif, system-ui, Helvetica, Arial, sans-serif">'
        yield f"<title>{title}</title>"
        yield from pen.markers(self.kinds)
        yield f'<rect {size} fill="#ffffff"/>'
        yield f'<text x="{_MARGIN}" y="{_MARGIN + 12}" font-size="15" font-weight="700" fill="#1a202c">{title}</text>'
        yield f'<g transform="translate({_MARGIN} 0)">'
        yield from self._edges()
        for cell in self.grid.cells.values():
            yield from self._node(cell)
        yield from self._labels()
        yield "</g>"
        yield from pen.legend(self.kinds, _MARGIN, self.height - _LEGEND / 2)
        yield "</svg>"

    def _node(self, cell: Cell) -> Iterator[str]:
        node, x, top = self.nodes[cell.id], self._middle(cell), self._top(cell)
        if node.is_start:
            yield f'<circle cx="{x:.1f}" cy="{top - 20:.1f}" r="4.5" fill="#1a202c"/>'
            yield f'<path d="M{x:.1f} {top - 20:.1f} V{top - 1:.1f}" stroke="#1a202c" stroke-width="1.4"/>'
        yield from draw_node(node, x - size_of(node)[0] / 2, top)

    def _middle(self, cell: Cell) -> float:
        return cell.x - self.beside.get(cell.id, 0.0) / 2

    def _top(self, cell: Cell) -> float:
        return self.bands[cell.row].middle - size_of(self.nodes[cell.id])[1] / 2

    def _bottom(self, cell: Cell) -> float:
        return self.bands[cell.row].middle + size_of(self.nodes[cell.id])[1] / 2

    def _edges(self) -> Iterator[str]:
        upper, lower = self._ports(is_upper=True), self._ports(is_upper=False)
        for index, link in enumerate(self.grid.links):
            yield self._link(link, upper[index], lower[index])
        for edge in self.grid.loops:
            side, middle = self._side(edge)
            yield pen.stroke(pen.around(side, middle, side + _LOOP), edge)

    def _side(self, loop: Edge) -> tuple[float, float]:
        """The middle of the node's right side."""
        cell = self.grid.cells[loop.source]
        return self._middle(cell) + size_of(self.nodes[cell.id])[0] / 2, self.bands[cell.row].middle

    def _ports(self, *, is_upper: bool) -> dict[int, float]:
        """Where each link meets its upper or lower node: beside each other, in the order of where they come from."""
        found: dict[str, list[tuple[float, int]]] = {}
        for index, link in enumerate(self.grid.links):
            cell, other = (link.upper, link.lower) if is_upper else (link.lower, link.upper)
            near = link.between[0 if is_upper else -1] if link.between else other
            found.setdefault(cell.id, []).append((near.x, index))
        ports: dict[int, float] = {}
        for name, links in found.items():
            step = min(_PORTS, (size_of(self.nodes[name])[0] - 24) / max(1, len(links) - 1))
            for number, (_, index) in enumerate(sorted(links)):
                ports[index] = self._middle(self.grid.cells[name]) + step * (number - (len(links) - 1) / 2)
        return ports

    def _link(self, link: Link, start: float, end: float) -> str:
        points: list[pen.Point] = [(start, self._bottom(link.upper)), (start, self.bands[link.upper.row].bottom)]
        for cell in link.between:
            band = self.bands[cell.row]
            points += [(cell.x, band.middle)] if cell.row % 2 else [(cell.x, band.top), (cell.x, band.bottom)]
        points += [(end, self.bands[link.lower.row].top), (end, self._top(link.lower))]
        return pen.stroke(pen.through(points[::-1] if link.is_back else points), link.edge)

    def _labels(self) -> Iterator[str]:
        for link in self.grid.links:
            if link.label is not None:
                yield from pen.words(link.edge, link.label.x, self.bands[link.label.row].middle)
        for edge in self.grid.loops:
            side, middle = self._side(edge)
            if edge.label:
                yield from pen.words(edge, side + _LOOP + word_width(edge.label) / 2, middle)
