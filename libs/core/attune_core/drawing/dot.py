"""A picture in the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attune_core.drawing.picture import EdgeKind, Node, NodeKind, Picture, short
from attune_core.drawing.style import EDGES, NODES

_DASHES: Final = {EdgeKind.FAILURE: "dashed", EdgeKind.SKIP: "dashed", EdgeKind.DEPENDENCY: "dotted"}
_HEAD: Final = (
    "  rankdir=TB",
    "  compound=true",
    '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11]',
    '  edge [fontname="Helvetica", fontsize=9]',
)


def as_dot(picture: Picture) -> str:
    blocks = {node.id: node for node in picture.nodes if node.children}
    lines = [f"digraph {_quoted(picture.title)} {{", *_HEAD]
    for node in picture.nodes:
        lines += _node(node, "  ")
    for edge in picture.edges:
        ends = _ends(edge.source, edge.target, blocks)
        style = _DASHES.get(edge.kind, "solid")
        label = f", label={_quoted(edge.label)}" if edge.label else ""
        lines.append(f'  {ends[0]} -> {ends[1]} [color="{EDGES[edge.kind]}", style={style}{label}{ends[2]}]')
    return "\n".join([*lines, "}"])


def _ends(source: str, target: str, blocks: dict[str, Node]) -> tuple[str, str, str]:
    """Edges of Graphviz join nodes; those of a block end at its border."""
    extra = ""
    if source in blocks:
        extra += f", ltail={_quoted('cluster_' + source)}"
        source = _leaf(blocks[source]).id
    if target in blocks:
        extra += f", lhead={_quoted('cluster_' + target)}"
        target = _leaf(blocks[target]).id
    return _quoted(source), _quoted(target), extra


def _leaf(node: Node) -> Node:
    while node.children:
        node = node.children[0]
    return node


def _node(node: Node, indent: str) -> Iterator[str]:
    fill, stroke, _ = NODES[node.kind]
    label = _quoted("\n".join([node.title, *(short(word) for word in node.words)]))
    if node.children:
        yield f"{indent}subgraph {_quoted('cluster_' + node.id)} {{"
        yield f'{indent}  label={label}; style="rounded,filled"; color="{stroke}"; fillcolor="{fill}"'
        for child in node.children:
            yield from _node(child, indent + "  ")
        yield f"{indent}}}"
        return
    shape = ", shape=ellipse" if node.kind is NodeKind.ENDING else ""
    width = ", penwidth=2" if node.is_start else ""
    yield f'{indent}{_quoted(node.id)} [label={label}, fillcolor="{fill}", color="{stroke}"{shape}{width}]'


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
