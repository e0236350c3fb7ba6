"""A script against the workflow that it is for: names that do not exist, answers that nobody asks for."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from attune_core.definition.document import Path
from attune_core.definition.findings import Findings
from attune_core.definition.graph import Graph, TaskKind, TaskNode
from attune_core.model import schema
from attune_core.model.names import did_you_mean, shown
from attune_core.rehearsal.catalogue import Catalogue
from attune_core.rehearsal.script import Script

_FIRST: Final = re.compile(r"(?P<task>[A-Za-z_]\w*)(\[(?P<index>\d+)\])?(\.(?P<rest>.*))?\Z", re.ASCII)
_NAMED: Final = re.compile(r"(?P<task>[A-Za-z_]\w*)(/\d+)?(\[\d+\])?\Z", re.ASCII)


def check_script(script: Script, graph: Graph, catalogue: Catalogue, path: Path, findings: Findings) -> None:
    """`path` leads to the case in its file."""
    for name in script.answers:
        _check_answers(name, name, graph, catalogue, (*path, "outcomes", name), findings)
    expect = (*path, "expect")
    for key in ("tasks", "attempts", "input"):
        for name in _map(script.expect.get(key)):
            _check_name(name, graph, (*expect, key, name), findings, on_key=True)
    for index, name in enumerate(script.expect.get("path") or ()):
        _check_name(name, graph, (*expect, "path", index), findings)
    _check_variables(script, graph, expect, findings)
    _check_parameters(script, graph, path, findings)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _check_answers(name: str, written: str, graph: Graph, catalogue: Catalogue, path: Path, findings: Findings) -> None:
    """`name` is what is left of `written` on the way into subworkflows."""
    match = _FIRST.match(name)
    if match is None:
        return
    node = graph.tasks.get(match["task"])
    if node is None:
        _unknown_task(match["task"], graph.tasks, path, findings, on_key=True)
    elif node.kind is not TaskKind.ACTION:
        message = f"`{node.name}` runs no action, so nothing asks for an answer"
        findings.error(path, "no_action", message, "script its sub-tasks" if node.children else "", on_key=True)
    elif match["index"] is not None and node.iteration is None:
        message = f"`{node.name}` has no items"
        findings.error(path, "no_items", message, f"write `{node.name}`", on_key=True)
    elif match["rest"] is not None:
        _check_inside(node, match["rest"], written, catalogue, path, findings)


def _check_inside(
    node: TaskNode, rest: str, written: str, catalogue: Catalogue, path: Path, findings: Findings
) -> None:
    inner = catalogue.workflows.get(node.action or "")
    if inner is not None:
        _check_answers(rest, written, inner, catalogue, path, findings)
    else:
        message = f"`{shown(written)}`: the action of `{node.name}` is no workflow that is known here"
        findings.error(path, "no_subworkflow", message, f"write `{node.name}`", on_key=True)


def _check_name(name: str, graph: Graph, path: Path, findings: Findings, *, on_key: bool = False) -> None:
    match = _NAMED.match(name)
    task = match["task"] if match else name
    if task not in graph.tasks:
        _unknown_task(task, graph.tasks, path, findings, on_key=on_key)


def _unknown_task(name: str, known: Collection[str], path: Path, findings: Findings, *, on_key: bool) -> None:
    hint = did_you_mean(name, known, f"tasks: {', '.join(sorted(known)[:10])}")
    findings.error(path, "unknown_task", f"the workflow has no task `{shown(name)}`", hint, on_key=on_key)


def _check_variables(script: Script, graph: Graph, path: Path, findings: Findings) -> None:
    known = set(graph.vars)
    for node in graph.tasks.values():
        known |= {entry.name for entry in node.publish}
        known |= {entry.name for route in node.routes for entry in route.publish}
    for name in _map(script.expect.get("vars")):
        if name not in known:
            hint = did_you_mean(name, known, "declare it under `vars`, or publish it")
            message = f"the workflow has no variable `{shown(name)}`"
            findings.error((*path, "vars", name), "unknown_variable", message, hint, on_key=True)


def _check_parameters(script: Script, graph: Graph, path: Path, findings: Findings) -> None:
    given = schema.apply_defaults(graph.parameters_schema, dict(script.parameters))
    for where, message in schema.validate(graph.parameters_schema, given):
        sentence = f"the workflow refuses its parameters: {where + ': ' if where else ''}{message}"
        hint = "write them under `parameters`" if not script.parameters else ""
        findings.error((*path, "parameters"), "invalid_parameters", sentence, hint)
