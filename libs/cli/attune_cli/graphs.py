"""A workflow's tasks and where they lead to, as a tree of lines or as a Mermaid flowchart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

Edges = Mapping[str, Sequence[Mapping[str, str]]]
"""task -> its transitions, each `{"to", "on"}`."""


def edges_of_file(path: Path) -> Edges:
    """Errors: DefinitionError."""
    from attune_core.definition.parse import parse_workflow

    return edges_of_definition(parse_workflow(path.read_text(encoding="utf-8"), str(path)).definition)


def edges_of_definition(definition: dict[str, Any]) -> Edges:
    from attune_core.definition.compile import adjacency, compile_graph

    edges: Edges = adjacency(compile_graph(definition))
    return edges


def as_mermaid(edges: Edges) -> str:
    """A flowchart that GitHub and others draw."""
    lines = ["flowchart TD"]
    for task, transitions in edges.items():
        lines.append(f'  {task}["{task}"]')
        lines += [f'  {task} -->|"{_safe(edge["on"])}"| {_target(edge["to"])}' for edge in transitions]
    return "\n".join(lines)


def as_tree(title: str, edges: Edges) -> RenderableType:
    from rich.tree import Tree

    tree = Tree(title)
    for task, transitions in edges.items():
        branch = tree.add(task)
        for edge in transitions:
            branch.add(f"{edge['on']} → {edge['to']}", style="dim")
    return tree


def _target(name: str) -> str:
    """`end` is a word of Mermaid; the language's own targets look different from tasks."""
    return f"{name}_([{name}])" if name in ("noop", "fail", "complete") else name


def _safe(label: str) -> str:
    return label.replace('"', "'")
