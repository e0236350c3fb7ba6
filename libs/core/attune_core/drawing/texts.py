"""A picture as lines of text: each task once, in the order of the flow, with where it leads."""

from __future__ import annotations

from collections.abc import Iterator

from attune_core.drawing.order import in_flow
from attune_core.drawing.picture import Edge, Node, NodeKind, Picture


def as_text(picture: Picture) -> str:
    """Start tasks are marked with `▶`, sub-tasks of a block with `│`."""
    nodes = {node.id: node for node in picture.nodes}
    shown = [nodes[name] for name in in_flow(picture) if nodes[name].kind is not NodeKind.ENDING]
    width = max((len(node.title) for node in shown), default=0)
    lines = [picture.title]
    for node in shown:
        lines += _lines(node, picture.edges, nodes, width)
    return "\n".join(lines)


def _lines(node: Node, edges: tuple[Edge, ...], nodes: dict[str, Node], width: int) -> Iterator[str]:
    mark = "▶" if node.is_start else " "
    yield f"{mark} {node.title.ljust(width)}  {', '.join(node.words)}".rstrip()
    for child in node.children:
        yield from _child_lines(child, "  │ ")
    for edge in edges:
        if edge.source == node.id:
            label = f"{edge.about} " if edge.about else ""
            yield f"    {label}→ {nodes[edge.target].title}"


def _child_lines(node: Node, indent: str) -> Iterator[str]:
    yield f"{indent}{node.title}  {', '.join(node.words)}".rstrip()
    for child in node.children:
        yield from _child_lines(child, indent + "│ ")
