"""The graph of a run for the terminal: each task with its state, and below it where it leads and led."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from attune_cli.live.draw import MARKS, seconds_text

_RUNNING = ("▸", "cyan")
_LONGEST = 80
_VERDICTS = {None: ("not asked", "dim"), "true": ("true", "green"), "false": ("false", "yellow")}
_Json = Mapping[str, Any]


def as_lines(graph: _Json) -> RenderableType:
    """Ways that were taken are `━▶`, the others `─▷`."""
    edges: dict[str, list[_Json]] = {}
    for edge in graph["edges"]:
        edges.setdefault(edge["from"], []).append(edge)
    _, style = MARKS.get(graph["status"], _RUNNING)
    lines = [Text.assemble((graph["workflow_ref"], "bold"), "  ", (graph["status"], style))]
    width = max((len(node["name"]) for node in graph["nodes"]), default=0)
    for node in graph["nodes"]:
        indent = "  │ " if node["block"] else ""
        lines.append(_task(node, indent, width))
        lines += [_way(edge, f"{indent}    ") for edge in edges.get(node["name"], ()) if edge["on"] != "contains"]
    return Group(*lines)


def _task(node: _Json, indent: str, width: int) -> Text:
    mark, style = MARKS.get(node["status"], _RUNNING)
    line = Text.assemble(
        indent, (f"{mark} ", style), (node["name"].ljust(width), "bold"), "  ", (node["status"], style)
    )
    told = [
        f"pass {node['activations']}" if node["activations"] > 1 else "",
        f"attempt {node['attempts']}" if node["attempts"] > 1 else "",
        _items(node["items"]),
        seconds_text(node["duration"]),
        node["action"] or "",
    ]
    line.append("".join(f"  {part}" for part in told if part), "dim")
    if node["error"]:
        line.append(f"  {_short(str(node['error'].get('message', '')))}", "red")
    return line


def _items(items: Mapping[str, int] | None) -> str:
    if items is None:
        return ""
    bad = items["failed"] + items["timed_out"] + items["cancelled"]
    done = items["succeeded"] + items["skipped"] + bad
    return f"{done}/{items['total']} items" + (f" ({bad} failed)" if bad else "")


def _way(edge: _Json, indent: str) -> Text:
    arrow, style = ("━▶", "green") if edge["fired"] else ("─▷", "dim")
    times = f" {edge['times']}x" if edge["times"] > 1 else ""
    line = Text.assemble(indent, (f"{edge['on']} {arrow} {edge['to']}{times}", style))
    if edge["condition"] is not None:
        gave, colour = _VERDICTS.get(edge["gave"], (_short(str(edge["gave"])), "red"))
        line.append(f"   {_short(edge['condition'])} ", "dim")
        line.append(gave, colour)
    return line


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"
