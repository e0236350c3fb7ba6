"""The shipped example workflows: each is accepted without a finding and does what its test cases say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from attune_core.definition.compile import compile_graph
from attune_core.model.schema import apply_defaults
from attune_core.packs.bundle import read_bundle
from attune_core.rehearsal.expect import differences
from attune_core.rehearsal.reading import read_script
from attune_core.rehearsal.run import rehearse

_PACK = Path(__file__).parents[3] / "packs" / "examples" / "features"
_FILES = {str(path.relative_to(_PACK)): path.read_bytes() for path in _PACK.rglob("*") if path.is_file()}
_CASES: list[dict[str, Any]] = yaml.safe_load((_PACK / "tests" / "features.yaml").read_text())
_WORKFLOWS = {workflow.ref: workflow for workflow in read_bundle(_FILES).workflows}


@pytest.mark.parametrize("ref", sorted(_WORKFLOWS))
def test_every_example_is_accepted_without_a_finding(ref: str) -> None:
    assert _WORKFLOWS[ref].warnings == ()


def test_every_example_has_a_case() -> None:
    assert {case["workflow"] for case in _CASES} == set(_WORKFLOWS)


@pytest.mark.parametrize("case", _CASES, ids=[case["name"] for case in _CASES])
def test_case(case: dict[str, Any]) -> None:
    workflow = _WORKFLOWS[case["workflow"]]
    given = apply_defaults(workflow.parameters_schema or {}, case.get("parameters", {}))
    script = read_script({"pack_config": {"greeting": "Hello"}, **case, "parameters": given})
    report = rehearse(compile_graph(workflow.definition), script)
    assert differences(report, script.expect) == []
