"""What the command line does with files alone: checks, rehearsals, tests, drawings, schemas."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from attune_cli.exits import Exit

EXAMPLES = Path(__file__).parents[3] / "packs/examples"

BROKEN = "ref: my.broken\ntasks:\n  - name: one\n    action: core.ecko\n    on_sucess: two\n"
DAILY = """ref: my.daily
parameters: {name: {type: string, default: Ada}}
vars: {tries: 0}
tasks:
  - name: fetch
    action: my.fetch
    input: {who: "{{ parameters.name }}"}
    retry: {count: 24, delay: 3600}
    publish: [{tries: "{{ task.fetch.attempt }}"}]
output_map: {tries: "{{ vars.tries }}", name: "{{ task.fetch.result.name }}"}
"""
SCRIPT = "outcomes: {fetch: [fail, {fail: {type: busy}}, {succeed: {name: Grace}, after: 5}]}\n"


def attune(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "attune_cli", *arguments]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=cwd)
    assert "Traceback" not in found.stderr
    return found


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A directory with a good and a broken workflow, other YAML, and the example pack."""
    (tmp_path / "daily.yaml").write_text(DAILY)
    (tmp_path / "broken.yaml").write_text(BROKEN)
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    (tmp_path / "script.yaml").write_text(SCRIPT)
    shutil.copytree(EXAMPLES / "features", tmp_path / "features")
    return tmp_path


def test_a_directory_is_checked_with_its_packs_and_loose_files(desk: Path) -> None:
    assert attune("workflow", "check", "features", "daily.yaml", cwd=desk).returncode == Exit.OK
    found = attune("workflow", "check", ".", "--format", "json", cwd=desk)
    assert found.returncode == Exit.FAILED
    places = [(each["file"], each["line"], each["column"], each["code"]) for each in json.loads(found.stdout)]
    assert places == [("broken.yaml", 4, 13, "unknown_action"), ("broken.yaml", 5, 5, "unknown_key")]


def test_a_file_of_a_pack_is_checked_with_the_pack_and_alone_told_of(desk: Path) -> None:
    (desk / "features/workflows/sequence.yaml").write_text(
        "ref: features.sequence\ntasks: [{name: a, action: features.nope}]\n"
    )
    (desk / "features/workflows/loop.yaml").write_text("ref: features.loop\ntasks: []\n")
    found = attune("workflow", "check", "features/workflows/sequence.yaml", cwd=desk)
    assert found.returncode == Exit.FAILED
    assert "features/workflows/sequence.yaml:2:27" in found.stdout
    assert "loop.yaml" not in found.stdout


def test_test_cases_are_checked_with_their_pack(desk: Path) -> None:
    (desk / "features/tests/more.yaml").write_text("- workflow: features.lop\n  expct: {}\n")
    found = attune("pack", "check", "features", cwd=desk)
    assert found.returncode == Exit.FAILED
    assert "features/tests/more.yaml:1:13" in found.stdout
    assert "did you mean `features.loop`?" in found.stdout
    assert "did you mean `expect`?" in found.stdout


def test_warnings_alone_do_not_fail(desk: Path) -> None:
    (desk / "warned.yaml").write_text("ref: my.w\ntasks: [{name: a, compensate: {action: core.noop}}]\n")
    found = attune("workflow", "check", "warned.yaml", cwd=desk)
    assert found.returncode == Exit.OK
    assert "reserved_key" in found.stdout
    assert "1 warning" in found.stdout


def test_nothing_to_check_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    found = attune("workflow", "check", str(tmp_path))
    assert found.returncode == Exit.FAILED
    assert "nothing_to_check" in found.stderr


@pytest.mark.parametrize("command", [("workflow", "check", "broken.yaml"), ("pack", "check", "features")])
def test_sarif(desk: Path, command: tuple[str, ...]) -> None:
    (desk / "features/workflows/loop.yaml").write_text("ref: features.loop\ntasks: []\n")
    found = attune(*command, "--format", "sarif", cwd=desk)
    assert found.returncode == Exit.FAILED
    log: dict[str, Any] = json.loads(found.stdout)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert run["results"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning")
        place = result["locations"][0]["physicalLocation"]
        assert (desk / place["artifactLocation"]["uri"]).is_file()
        assert place["region"]["startLine"] >= 1


def test_sarif_of_nothing_is_an_empty_run(desk: Path) -> None:
    found = attune("workflow", "check", "daily.yaml", "--format", "sarif", cwd=desk)
    assert found.returncode == Exit.OK
    assert json.loads(found.stdout)["runs"][0]["results"] == []


def test_a_rehearsal_tells_what_happens_when(desk: Path) -> None:
    found = attune("workflow", "rehearse", "daily.yaml", "--with", "script.yaml", cwd=desk)
    assert found.returncode == Exit.OK
    assert "completed after 2:00:05 of virtual time" in found.stdout
    assert "attempt 3 in 3600 s  busy" in found.stdout
    assert "tries: 3" in found.stdout


def test_a_rehearsal_as_json(desk: Path) -> None:
    found = attune(
        "workflow", "rehearse", "daily.yaml", "--with", "script.yaml", "-p", "name=Eve", "-o", "json", cwd=desk
    )
    told = json.loads(found.stdout)
    assert (told["status"], told["duration"], told["output"]) == ("completed", 7205, {"tries": 3, "name": "Grace"})
    assert told["path"] == ["fetch"]
    assert [step["value"] for step in told["steps"] if step["what"] == "started"] == [{"who": "Eve"}]
    assert [step["at"] for step in told["steps"] if step["what"] == "retried"] == [0, 3600]


def test_an_expectation_that_fails_is_told_at_its_place(desk: Path) -> None:
    (desk / "script.yaml").write_text(SCRIPT + "expect:\n  output: {name: Ada}\n")
    found = attune("workflow", "rehearse", "daily.yaml", "--with", "script.yaml", cwd=desk)
    assert found.returncode == Exit.FAILED
    assert "script.yaml:3:18" in found.stderr
    assert "it is 'Grace'" in found.stderr


@pytest.mark.parametrize(
    ("text", "place"),
    [("outcomes: {fetsch: fail}\n", "script.yaml:1:12"), ("outcomes: [", "script.yaml:"), ("5", "script.yaml:1:1")],
)
def test_a_script_that_cannot_be_used(desk: Path, text: str, place: str) -> None:
    (desk / "script.yaml").write_text(text)
    found = attune("workflow", "rehearse", "daily.yaml", "--with", "script.yaml", cwd=desk)
    assert found.returncode == Exit.FAILED
    assert place in found.stderr


def test_a_case_of_a_pack_can_be_watched(desk: Path) -> None:
    command = ("workflow", "rehearse", "features/workflows/when.yaml", "--with", "features/tests/features.yaml")
    found = attune(*command, "--case", "when, skipped", "-o", "json", cwd=desk)
    assert json.loads(found.stdout)["tasks"] == {"approve": "skipped", "deploy": "succeeded"}
    unclear = attune(*command, cwd=desk)
    assert unclear.returncode == Exit.FAILED
    assert "'when, skipped', 'when, run'" in unclear.stderr


def test_many_items_are_folded(desk: Path) -> None:
    (desk / "many.yaml").write_text(
        'ref: my.many\ntasks: [{name: a, action: x.y, with_items: "{{ range(500) | list }}"}]\n'
    )
    (desk / "script.yaml").write_text("outcomes: {'a[400]': fail}\n")
    found = attune("workflow", "rehearse", "many.yaml", "--with", "script.yaml", cwd=desk)
    assert "a[400]" in found.stdout
    assert "more items are not shown" in found.stdout
    assert len(found.stdout.splitlines()) < 60


def test_pack_test_runs_every_pack(desk: Path) -> None:
    shutil.copytree(EXAMPLES / "deploy", desk / "more/deploy")
    found = attune("pack", "test", ".", "--junit", "report.xml", "-o", "json", cwd=desk)
    assert found.returncode == Exit.OK, found.stdout
    assert {each["pack"] for each in json.loads(found.stdout)} == {"features", "deploy"}
    report = ElementTree.parse(desk / "report.xml").getroot()
    assert int(report.attrib["tests"]) == len(json.loads(found.stdout))
    assert report.attrib["failures"] == "0"
    assert {suite.attrib["name"] for suite in report} == {
        "features/tests/features.yaml",
        "more/deploy/tests/deploy_application.yaml",
    }


def test_pack_test_tells_what_differs(desk: Path) -> None:
    (desk / "features/tests/features.yaml").write_text(
        "- name: good\n  workflow: features.publish\n"
        "- name: bad & <ugly>\n  workflow: features.publish\n  expect: {output: {total: 41}}\n"
    )
    found = attune("pack", "test", "features", "--junit", "report.xml", cwd=desk)
    assert found.returncode == Exit.FAILED
    assert "features/tests/features.yaml:5:28" in found.stdout
    assert "2 cases, 1 failed" in found.stdout
    (failure,) = ElementTree.parse(desk / "report.xml").getroot().iter("failure")
    assert "output.total should be 41" in failure.attrib["message"]


def test_pack_test_needs_packs_that_are_in_order_and_cases(desk: Path, tmp_path: Path) -> None:
    assert "not_a_pack" in attune("pack", "test", str(EXAMPLES.parents[1] / "docs")).stderr
    shutil.rmtree(desk / "features/tests")
    assert "no_cases" in attune("pack", "test", "features", cwd=desk).stderr
    (desk / "features/workflows/loop.yaml").write_text("ref: features.loop\ntasks: []\n")
    found = attune("pack", "test", "features", cwd=desk)
    assert found.returncode == Exit.FAILED
    assert "features/workflows/loop.yaml:2:8" in found.stderr


@pytest.mark.parametrize(
    ("form", "beginning"), [("text", "my.daily"), ("mermaid", "flowchart TD"), ("dot", "digraph"), ("svg", "<svg")]
)
def test_a_graph_in_every_format(desk: Path, form: str, beginning: str) -> None:
    found = attune("workflow", "graph", "daily.yaml", "--format", form, cwd=desk)
    assert found.returncode == Exit.OK
    assert found.stdout.startswith(beginning)


def test_schemas_are_json() -> None:
    schema = json.loads(attune("schema", "workflow").stdout)
    assert schema["properties"]["tasks"]["description"]
    assert attune("schema", "nonsense").returncode == Exit.USAGE
