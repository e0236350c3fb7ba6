"""One rehearsal from files: the workflow, what is known around it, and the script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from attune_cli.offline.patience import patience
from attune_cli.offline.shelf import core_bundle, core_known, read_shelf, root_above
from attune_core.definition.document import Document
from attune_core.definition.findings import Findings
from attune_core.definition.graph import Graph
from attune_core.definition.parse import parse_workflow
from attune_core.definition.problems import in_order, to_problems
from attune_core.definition.reader import read_list
from attune_core.errors import AttuneError, DefinitionError, Problem
from attune_core.packs.bundle import Bundle
from attune_core.rehearsal.cases import Case, Result, ready_script, run_case
from attune_core.rehearsal.catalogue import Catalogue, catalogue_of
from attune_core.rehearsal.checking import check_script
from attune_core.rehearsal.reading import read_case

_LIST = "cases"


class NoSuchCase(AttuneError):
    """The script file holds a list of cases, and it is not clear which is meant."""

    code = "no_such_case"


@dataclass(frozen=True, slots=True)
class Subject:
    """The workflow that is rehearsed, with the pack around it if there is one."""

    ref: str
    graph: Graph
    bundle: Bundle | None
    catalogue: Catalogue


def rehearse_file(file: Path, script_file: Path | None, case: str, given: Mapping[str, Any]) -> tuple[str, Result]:
    """The workflow's ref and how its rehearsal went. `given`: parameters that win over those of the script.

    Errors: DefinitionError for the workflow or the script; NoSuchCase; OutOfPatience.
    """
    subject = _subject(file)
    document = _document(script_file)
    findings = Findings()
    path, raw = _chosen(document, case, subject.ref)
    script = read_case(raw, path, findings)
    script = replace(script, parameters={**script.parameters, **given})
    check_script(script, subject.graph, subject.catalogue, path, findings)
    if findings.errors or document.problems:
        problems = in_order([*document.problems, *to_problems(findings.all, document)])
        raise DefinitionError([_told(problem, file) for problem in problems] if script_file is None else problems)
    ready = ready_script(script, subject.graph, subject.bundle)
    place = document.place(path)
    found = Case(place.file, place.line, script.name, ready, subject.graph, document, path)
    with patience():
        return subject.ref, run_case(found, subject.catalogue)


def _told(problem: Problem, file: Path) -> Problem:
    """Without a script there are only parameters to be wrong."""
    return replace(problem, file=str(file), line=0, column=0, hint="give them with -p NAME=VALUE, or in a script")


def _subject(file: Path) -> Subject:
    """A workflow of a pack that is whole, else the file alone."""
    root = root_above(file)
    if root is not None:
        shelf = read_shelf([root])
        (pack,) = shelf.packs
        if pack.bundle is not None:
            for workflow in pack.bundle.workflows:
                if workflow.ref == _ref_in(file):
                    return Subject(workflow.ref, workflow.graph, pack.bundle, shelf.catalogue)
        broken = [problem for problem in pack.problems if Path(problem.file).absolute() == file.absolute()]
        if pack.bundle is None and any(problem.severity == "error" for problem in broken):
            raise DefinitionError(broken)
    parsed = parse_workflow(file.read_bytes(), str(file), core_known())
    return Subject(parsed.ref, parsed.graph, None, catalogue_of([core_bundle()]))


def _ref_in(file: Path) -> object:
    try:
        return read_list(file.read_bytes(), str(file), _LIST).value.get("ref")
    except DefinitionError:
        return None


def _document(file: Path | None) -> Document:
    return read_list("{}" if file is None else file.read_bytes(), str(file or "script"), _LIST)


def _chosen(document: Document, wanted: str, ref: str) -> tuple[tuple[str | int, ...], Any]:
    """The case with the name; without one the only case for this workflow."""
    if set(document.value) != {_LIST}:
        return (), document.value
    cases = document.value[_LIST]
    if not isinstance(cases, list):
        return (_LIST,), cases
    found = [(index, each) for index, each in enumerate(cases) if _fits(each, wanted, ref)]
    if len(found) == 1:
        return (_LIST, found[0][0]), found[0][1]
    names = ", ".join(repr(each.get("name", "")) for _, each in found) or "none"
    message = f"{document.file} has {len(found)} cases for {ref}: {names}"
    raise NoSuchCase(message, hint="choose one with --case NAME, or run all with `attune pack test`")


def _fits(raw: Any, wanted: str, ref: str) -> bool:
    if not isinstance(raw, Mapping) or raw.get("workflow", ref) != ref:
        return False
    return not wanted or raw.get("name") == wanted
