"""The test cases of a pack: `tests/*.yaml`, each a list of cases, rehearsed against the pack's own workflows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from attune_core.definition.document import Document, Path, Places
from attune_core.definition.findings import Finding, Findings
from attune_core.definition.graph import Graph
from attune_core.definition.problems import in_order, to_problem, to_problems
from attune_core.definition.reader import read_list
from attune_core.errors import DefinitionError, Problem
from attune_core.model import schema
from attune_core.model.names import did_you_mean, pack_of, shown
from attune_core.packs.bundle import Bundle
from attune_core.rehearsal.catalogue import Catalogue
from attune_core.rehearsal.checking import check_script
from attune_core.rehearsal.expect import compare
from attune_core.rehearsal.reading import read_case
from attune_core.rehearsal.report import Report
from attune_core.rehearsal.run import rehearse
from attune_core.rehearsal.script import Script

FOLDER: Final = "tests"
_LIST: Final = "cases"


@dataclass(frozen=True, slots=True)
class Case:
    """A case that can be run. `line` counts from 1."""

    file: str
    line: int
    name: str
    script: Script
    graph: Graph
    places: Places
    path: Path


@dataclass(frozen=True, slots=True)
class Result:
    """`problems` is empty when everything expected has happened."""

    case: Case
    report: Report
    problems: tuple[Problem, ...]


def read_cases(files: Mapping[str, bytes], bundle: Bundle, catalogue: Catalogue) -> list[Case]:
    """The cases of all test files of a pack. `files` are relative to its root.

    Errors: DefinitionError with every problem over all of them.
    """
    found: list[Case] = []
    problems: list[Problem] = []
    for file in sorted(files):
        if file.startswith(f"{FOLDER}/") and file.endswith((".yaml", ".yml")) and file.count("/") == 1:
            try:
                found += _of_file(read_list(files[file], file, _LIST), bundle, catalogue)
            except DefinitionError as error:
                problems += error.problems
    if problems:
        raise DefinitionError(in_order(problems))
    return found


def run_case(case: Case, catalogue: Catalogue) -> Result:
    report = rehearse(case.graph, case.script, catalogue)
    differences = [
        Finding((*case.path, "expect", *each.path), "not_as_expected", str(each), on_key=False)
        for each in compare(report, case.script.expect)
    ]
    if report.stopped:
        differences.append(Finding(case.path, "rehearsal_limit", report.stopped, "is there a loop without an end?"))
    return Result(case, report, tuple(to_problem(each, case.places) for each in differences))


def ready_script(script: Script, graph: Graph, bundle: Bundle | None) -> Script:
    """With the defaults of the workflow's parameters and of the pack's configuration."""
    parameters = schema.apply_defaults(graph.parameters_schema, dict(script.parameters))
    config = script.pack_config
    if bundle is not None:
        config = schema.apply_defaults(bundle.manifest.conf_schema, dict(script.pack_config))
    return replace(script, parameters=parameters, pack_config=config)


def _of_file(document: Document, bundle: Bundle, catalogue: Catalogue) -> list[Case]:
    findings = Findings()
    is_list = set(document.value) == {_LIST}
    entries = document.value[_LIST] if is_list else [document.value]
    if not isinstance(entries, list):
        findings.error((_LIST,), "wrong_type", "a test file holds a list of cases", "write `- name: ...`")
        entries = []
    found = [
        _case(raw, (_LIST, index) if is_list else (), document, (bundle, catalogue), findings)
        for index, raw in enumerate(entries)
    ]
    if findings.errors or document.problems:
        raise DefinitionError(in_order([*document.problems, *to_problems(findings.all, document)]))
    return [case for case in found if case is not None]


def _case(
    raw: object, path: Path, document: Document, around: tuple[Bundle, Catalogue], findings: Findings
) -> Case | None:
    bundle, catalogue = around
    script = read_case(raw, path, findings)
    graph = _graph(script, path, bundle, catalogue, findings) if isinstance(raw, Mapping) else None
    if graph is None:
        return None
    check_script(script, graph, catalogue, path, findings)
    name = script.name or f"{script.workflow or graph.ref} {path[-1] if path else ''}".strip()
    line = document.place(path).line
    return Case(document.file, line, name, ready_script(script, graph, bundle), graph, document, path)


def _graph(script: Script, path: Path, bundle: Bundle, catalogue: Catalogue, findings: Findings) -> Graph | None:
    refs = [workflow.ref for workflow in bundle.workflows]
    if not script.workflow:
        hint = f"write `workflow: {refs[0]}`" if refs else "write `workflow: REF`"
        findings.error(path, "missing_key", "the case names no `workflow`", hint)
        return None
    graph = catalogue.workflows.get(script.workflow)
    if graph is None or pack_of(script.workflow) != bundle.manifest.ref:
        hint = did_you_mean(script.workflow, refs, f"its workflows: {', '.join(refs[:10]) or 'none'}")
        message = f"the pack has no workflow `{shown(script.workflow)}`"
        findings.error((*path, "workflow"), "unknown_workflow", message, hint)
        return None
    return graph
