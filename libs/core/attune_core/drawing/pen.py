"""Lines, arrows and labels of edges, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from attune_core.drawing.boxes import text_of, word_width
from attune_core.drawing.picture import Edge, EdgeKind
from attune_core.drawing.style import EDGES

Point = tuple[float, float]

NAMES: Final = {
    EdgeKind.SUCCESS: "success",
    EdgeKind.CONDITION: "condition",
    EdgeKind.FAILURE: "failure",
    EdgeKind.ALWAYS: "always",
    EdgeKind.SKIP: "skipped",
    EdgeKind.DEPENDENCY: "depends on",
}
_DASHES: Final = {EdgeKind.FAILURE: "6 3", EdgeKind.SKIP: "2 3", EdgeKind.DEPENDENCY: "1 4"}
_MARKER: Final = 'viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"'


def markers(kinds: Sequence[EdgeKind]) -> Iterator[str]:
    """The arrow heads."""
    yield "<defs>"
    for kind in kinds:
        head = f'<path d="M0 1 L10 5 L0 9 z" fill="{EDGES[kind]}"/>'
        yield f'<marker id="to-{kind.value}" {_MARKER} markerUnits="userSpaceOnUse" orient="auto">{head}</marker>'
    yield "</defs>"


def stroke(way: str, edge: Edge) -> str:
    """An arrow along an SVG path."""
    dash = f' stroke-dasharray="{_DASHES[edge.kind]}"' if edge.kind in _DASHES else ""
    about = f"<title>{text_of(edge.about)}</title>" if edge.about else ""
    return (
        f'<path class="edge {edge.kind.value}" d="{way}" fill="none" stroke="{EDGES[edge.kind]}" '
        f'stroke-width="1.5"{dash} marker-end="url(#to-{edge.kind.value})">{about}</path>'
    )


def through(points: Sequence[Point]) -> str:
    """A path that is upright at every point."""
    (x, y), *rest = points
    way = f"M{x:.1f} {y:.1f}"
    for next_x, next_y in rest:
        if abs(next_x - x) < 0.5:
            way += f" V{next_y:.1f}"
        else:
            half = (y + next_y) / 2
            way += f" C{x:.1f} {half:.1f} {next_x:.1f} {half:.1f} {next_x:.1f} {next_y:.1f}"
            x = next_x
        y = next_y
    return way


def around(side: float, middle: float, out: float) -> str:
    """From a node's right side back to it."""
    lower, upper = middle + 9, middle - 9
    return f"M{side:.1f} {lower:.1f} C{out:.1f} {lower + 7:.1f} {out:.1f} {upper - 7:.1f} {side + 1:.1f} {upper:.1f}"


def words(edge: Edge, x: float, y: float) -> Iterator[str]:
    """The label, on white, around its middle."""
    width = word_width(edge.label) + 8
    yield f'<rect x="{x - width / 2:.1f}" y="{y - 9:.1f}" width="{width:.1f}" height="17" rx="4" fill="#ffffff"/>'
    ink = f'fill="{EDGES[edge.kind]}" font-size="10.5" text-anchor="middle"'
    yield f'<text x="{x:.1f}" y="{y + 3.5:.1f}" {ink}>{text_of(edge.label)}</text>'


def legend_width(kinds: Sequence[EdgeKind]) -> float:
    return sum(word_width(NAMES[kind]) + 52 for kind in kinds)


def legend(kinds: Sequence[EdgeKind], x: float, y: float) -> Iterator[str]:
    for kind in kinds:
        yield stroke(f"M{x:.1f} {y:.1f} H{x + 26:.1f}", Edge("", "", kind))
        yield f'<text x="{x + 32:.1f}" y="{y + 3.5:.1f}" font-size="10.5" fill="#4a5568">{NAMES[kind]}</text>'
        x += word_width(NAMES[kind]) + 52
