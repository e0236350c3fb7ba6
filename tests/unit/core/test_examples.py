"""The shipped examples: each pack is accepted without a finding, and its workflows do what their cases say."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from attune_core.packs.bundle import Bundle, read_bundle
from attune_core.rehearsal.cases import Case, read_cases, run_case
from attune_core.rehearsal.catalogue import Catalogue, catalogue_of

_PACKS = Path(__file__).parents[3] / "packs"
_EXAMPLES = sorted(path.parent for path in (_PACKS / "examples").glob("*/pack.yaml"))


def _files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@cache
def _bundle(root: Path) -> Bundle:
    core = read_bundle(_files(_PACKS / "core"))
    return read_bundle(_files(root), catalogue_of([core]).known())


@cache
def _catalogue(root: Path) -> Catalogue:
    return catalogue_of([read_bundle(_files(_PACKS / "core")), _bundle(root)])


@cache
def _cases(root: Path) -> list[Case]:
    return read_cases(_files(root), _bundle(root), _catalogue(root))


def _params() -> list[object]:
    return [pytest.param(root, case, id=f"{root.name}: {case.name}") for root in _EXAMPLES for case in _cases(root)]


@pytest.mark.parametrize("root", _EXAMPLES, ids=lambda root: root.name)
def test_every_example_is_accepted_without_a_finding(root: Path) -> None:
    assert _bundle(root).warnings == ()


@pytest.mark.parametrize("root", _EXAMPLES, ids=lambda root: root.name)
def test_every_workflow_has_a_case(root: Path) -> None:
    assert {case.script.workflow for case in _cases(root)} == {workflow.ref for workflow in _bundle(root).workflows}


@pytest.mark.parametrize(("root", "case"), _params())
def test_case(root: Path, case: Case) -> None:
    result = run_case(case, _catalogue(root))
    assert [str(problem) for problem in result.problems] == []
