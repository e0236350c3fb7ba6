"""The boxes of nodes: how large they are, and how they are drawn; a parallel block holds its sub-tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from attune_core.drawing.picture import Node, NodeKind, short
from attune_core.drawing.style import ENDINGS, NODES

_TITLE: Final = 7.8
_WORD: Final = 6.1
"""The widths of a letter, on the safe side."""

_LINE: Final = 15.0
_PADDING: Final = 12.0
_SPACE: Final = 10.0
_PER_ROW: Final = 4
_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text_of(text: str) -> str:
    """Escaped, without characters that XML cannot carry."""
    return escape(_NO_XML.sub("\ufffd", text), quote=True)


def word_width(text: str) -> float:
    return len(text) * _WORD


def size_of(node: Node) -> tuple[float, float]:
    """Width and height."""
    if node.kind is NodeKind.ENDING:
        return len(node.title) * _TITLE + 22, 24.0
    width = max(len(node.title) * _TITLE, *(word_width(short(word)) for word in node.words), 40.0) + 2 * _PADDING
    height = _head_height(node) + _PADDING
    for row in _rows(node.children):
        sizes = [size_of(child) for child in row]
        width = max(width, sum(size[0] for size in sizes) + _SPACE * (len(sizes) - 1) + 2 * _PADDING)
        height += max(size[1] for size in sizes) + _SPACE
    return width, height


def draw_node(node: Node, x: float, y: float) -> Iterator[str]:
    """SVG of the node whose upper left corner is at x, y."""
    width, height = size_of(node)
    fill, stroke, ink = NODES[node.kind]
    if node.kind is NodeKind.ENDING:
        stroke = ENDINGS.get(node.title, stroke)
    radius = height / 2 if node.kind is NodeKind.ENDING else 6.0
    dash = ' stroke-dasharray="5 4"' if node.kind is NodeKind.PARALLEL else ""
    line = 2.4 if node.is_start else 1.3
    about = text_of("\n".join([node.title, *node.words]))
    yield f'<g class="node {node.kind.value}"><title>{about}</title>'
    yield (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:.1f}" '
        f'fill="{fill}" stroke="{stroke}" stroke-width="{line}"{dash}/>'
    )
    yield from _head(node, x + width / 2, y, ink if node.kind is not NodeKind.ENDING else stroke)
    yield from _children(node, x, y, width)
    yield "</g>"


def _head_height(node: Node) -> float:
    return _PADDING / 2 + _LINE * (1 + len(node.words))


def _head(node: Node, middle: float, y: float, ink: str) -> Iterator[str]:
    is_ending = node.kind is NodeKind.ENDING
    first = y + (16.0 if is_ending else _PADDING / 2 + _LINE - 3)
    yield _text(node.title, middle, first, ink, 'font-weight="600" font-size="13"')
    for index, word in enumerate(node.words, 1):
        yield _text(short(word), middle, first + index * _LINE, ink, 'font-size="10.5" opacity="0.85"')


def _text(text: str, x: float, y: float, ink: str, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{ink}" text-anchor="middle" {style}>{text_of(text)}</text>'


def _rows(children: Sequence[Node]) -> Iterator[Sequence[Node]]:
    for first in range(0, len(children), _PER_ROW):
        yield children[first : first + _PER_ROW]


def _children(node: Node, x: float, y: float, width: float) -> Iterator[str]:
    top = y + _head_height(node) + _PADDING / 2
    for row in _rows(node.children):
        sizes = [size_of(child) for child in row]
        left = x + (width - sum(size[0] for size in sizes) - _SPACE * (len(sizes) - 1)) / 2
        for child, size in zip(row, sizes, strict=True):
            yield from draw_node(child, left, top)
            left += size[0] + _SPACE
        top += max(size[1] for size in sizes) + _SPACE
