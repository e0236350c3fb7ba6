"""A picture as a Mermaid flowchart, which code hosts draw in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attune_core.drawing.picture import EdgeKind, Node, NodeKind, Picture, short

_ARROWS: Final = {
    EdgeKind.SUCCESS: "-->",
    EdgeKind.CONDITION: "-->",
    EdgeKind.ALWAYS: "==>",
    EdgeKind.FAILURE: "-.->",
    EdgeKind.SKIP: "-.->",
    EdgeKind.DEPENDENCY: "--o",
}
_CLASSES: Final = (
    "classDef action fill:#eef4ff,stroke:#3b6fd4,color:#13294b",
    "classDef noop fill:#f3f4f6,stroke:#8a94a3,color:#2b3440",
    "classDef parallel fill:#faf5ff,stroke:#8b5cf6,color:#3b1d6e",
    "classDef ending fill:#ffffff,stroke:#8a94a3,color:#2b3440",
)


def as_mermaid(picture: Picture) -> str:
    """Ids have a `t_` before them, since `end` and a few more are words of Mermaid."""
    lines = ["flowchart TD"]
    for node in picture.nodes:
        lines += _node(node, "  ")
    for edge in picture.edges:
        label = f"|{_quoted(edge.label)}|" if edge.label else ""
        lines.append(f"  t_{edge.source} {_ARROWS[edge.kind]}{label} t_{edge.target}")
    return "\n".join([*lines, *(f"  {line}" for line in _CLASSES)])


def _node(node: Node, indent: str) -> Iterator[str]:
    text = _quoted("<br>".join([node.title, *(short(word) for word in node.words)]))
    if node.kind is NodeKind.ENDING:
        yield f"{indent}t_{node.id}([{text}]):::ending"
    elif node.children:
        yield f"{indent}subgraph t_{node.id}[{text}]"
        for child in node.children:
            yield from _node(child, indent + "  ")
        yield f"{indent}end"
        yield f"{indent}class t_{node.id} {node.kind.value}"
    else:
        yield f"{indent}t_{node.id}[{text}]:::{node.kind.value}"


def _quoted(text: str) -> str:
    """In quotes, with what Mermaid would read as markup or as the end of the text written as entities."""
    line_breaks = "\x00"
    safe = text.replace("<br>", line_breaks)
    for sign, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "#96;")):
        safe = safe.replace(sign, entity)
    return f'"{safe.replace(line_breaks, "<br>")}"'
