"""Rehearsals in one line."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

from attune_core.definition.parse import parse_workflow
from attune_core.definition.reader import read_list
from attune_core.packs.bundle import Bundle, read_bundle
from attune_core.rehearsal.catalogue import Catalogue, catalogue_of
from attune_core.rehearsal.reading import read_script
from attune_core.rehearsal.report import Report
from attune_core.rehearsal.run import rehearse


def play(workflow: str, script: str = "{}", catalogue: Catalogue | None = None, **more: Any) -> Report:
    """Rehearse the tasks (YAML, with or without other keys) against a script (YAML)."""
    text = dedent(workflow)
    body = text if "tasks:" in text else f"tasks:\n{text}"
    graph = parse_workflow(f"ref: test.play\n{body}", "play.yaml").graph
    return rehearse(graph, read_script(_yaml(script)), catalogue or Catalogue(), **more)


WORK = b"""
ref: test.work
runtime: native
entry_point: x
timeout: 5
parameters: {n: {type: integer, required: true}}
"""


def _yaml(text: str) -> Any:
    return read_list(dedent(text), "script.yaml", "cases").value


def pack(**workflows: str) -> Bundle:
    """A pack `test` with these workflows and one action that takes a number."""
    files = {"pack.yaml": b"ref: test\nconfig: {greeting: {type: string, default: Hello}}\n"}
    files["actions/work.yaml"] = WORK
    for name, text in workflows.items():
        files[f"workflows/{name}.yaml"] = f"ref: test.{name}\n{dedent(text)}".encode()
    return read_bundle(files)


def play_pack(name: str, script: str, **workflows: str) -> Report:
    """Rehearse one workflow of a pack, with the others known."""
    bundle = pack(**workflows)
    catalogue = catalogue_of([bundle])
    return rehearse(catalogue.workflows[f"test.{name}"], read_script(_yaml(script)), catalogue)
