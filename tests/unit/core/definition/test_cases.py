"""The seed's workflows and snippets, accepted as written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from attune_core.definition.check import check_workflow
from attune_core.definition.compile import adjacency, compile_graph
from attune_core.definition.graph import RouteOn
from attune_core.definition.parse import parse_workflow
from attune_core.definition.reader import read_document

CASES = Path(__file__).parent / "cases"
HEAD = """\
ref: test.features
parameters:
  regions: {type: array}
  instance_type: {type: string}
  environment: {type: string}
  app_name: {type: string}
  region: {type: string}
  files: {type: array}
  all_regions: {type: array}
vars:
  records: []
  api_endpoint: http://localhost
  dataset_path: /tmp
  base_path: /tmp
  raw_config: "{}"
  data: {}
  results: []
  large_list: []
  host: null
tasks:
"""


def snippets() -> list[tuple[str, str]]:
    """Each snippet with its title, inside a workflow that declares what it uses."""
    found = []
    for part in (CASES / "features.yaml").read_text().split("\n---")[1:]:
        title, _, tasks = part.partition("\n")
        named = re.findall(r"^- name: (\w+)", tasks, re.MULTILINE)
        targets = re.findall(r"(?:on_\w+|next|default): (\w+)", tasks)
        missing = [target for target in dict.fromkeys(targets) if target not in named]
        found.append((title.strip(" #"), HEAD + tasks + "".join(f"\n- name: {name}" for name in missing)))
    return found


@pytest.mark.parametrize("name", ["deploy_application", "simple_sequence"])
def test_seed_workflow_has_no_problem_at_all(name: str) -> None:
    assert check_workflow((CASES / f"{name}.yaml").read_text(), f"{name}.yaml") == []


def test_there_are_eight_snippets() -> None:
    assert len(snippets()) == 8


@pytest.mark.parametrize(("title", "text"), snippets(), ids=lambda value: value[:20])
def test_snippet_is_accepted_as_written(title: str, text: str) -> None:
    problems = check_workflow(text, "features.yaml")
    # the snippet reads a task that it does not have, under default()
    expected = ["unknown_task"] if "templat" in title else []
    assert [problem.code for problem in problems if problem.severity == "error"] == []
    assert [problem.code for problem in problems] == expected
    graph = parse_workflow(text, "features.yaml").graph
    assert graph == graph
    assert graph.start


def test_the_seed_workflow_compiles_to_its_ten_tasks() -> None:
    parsed = parse_workflow((CASES / "deploy_application.yaml").read_text(), "deploy_application.yaml")
    graph = parsed.graph
    assert len(graph.tasks) == 10
    assert graph.start == ("create_deployment",)
    assert graph.tasks["rollback_deployment"].sources == ("deploy_containers", "wait_for_ready", "health_check")
    (complete,) = graph.tasks["rollback_deployment"].routes
    assert complete.on == {RouteOn.SUCCEEDED, RouteOn.FAILED, RouteOn.TIMED_OUT}
    assert parsed.parameters_schema is not None
    assert parsed.parameters_schema["required"] == ["app_name", "version"]
    assert parsed.parameters_schema["properties"]["environment"]["default"] == "dev"
    assert adjacency(graph)["build_image"] == [
        {"to": "deploy_containers", "on": "on_success"},
        {"to": "cleanup_deployment", "on": "on_failure"},
    ]


def test_the_stored_definition_compiles_to_the_same_graph() -> None:
    text = (CASES / "deploy_application.yaml").read_text()
    parsed = parse_workflow(text, "deploy_application.yaml")
    assert parsed.definition == read_document(text, "deploy_application.yaml").value
    assert shape(compile_graph(parsed.definition)) == shape(parsed.graph)


def shape(graph: object) -> str:
    """Compiled templates have no equality: compare what they were compiled from."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(graph))
