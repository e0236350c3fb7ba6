"""Secrets in workflows: they go into inputs, unopened, and nowhere else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from attune_core.definition.compile import compile_graph
from attune_core.definition.parse import parse_workflow
from attune_core.errors import DefinitionError
from attune_core.expressions.markers import MASK, decode, encode, holds_secret, masked
from attune_core.expressions.secrets import Secret
from attune_core.model.outcome import Outcome
from attune_core.rehearsal.memory import MemoryRun
from attune_core.workflow.facts import Facts
from attune_core.workflow.inputs import checked, stored
from attune_core.workflow.journal import command_to_json
from attune_core.workflow.signals import RunStarted, TaskFinished, TaskKey

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FORGED = {"$secret": [{"encoding": "plain", "key": "other_team.key"}]}


def _run(*tasks: dict[str, Any], parameters: dict[str, Any] | None = None, **top: Any) -> MemoryRun:
    definition = {"ref": "t.w", "tasks": list(tasks), **top}
    return MemoryRun(compile_graph(definition), NOW, parameters=parameters or {})


class Refusing(MemoryRun):
    """Its identity may use no secret."""

    def _fetch(self, facts: Facts, missing: Any) -> Facts:
        fetched = super()._fetch(facts, missing)
        return replace(fetched, secrets=dict.fromkeys(fetched.secrets))


def test_an_input_gets_the_secret_unopened() -> None:
    run = _run({"name": "a", "action": "t.x", "input": {"token": "Bearer {{ kv.get_secret('web.key') }}", "n": 1}})
    commands = run.tell(RunStarted())
    given = run.inputs[TaskKey("a", 1)]
    assert given["n"] == 1
    assert isinstance(given["token"], Secret)
    assert given["token"].keys == {"web.key"}
    assert "web.key" not in str([command_to_json(command) for command in commands])


def test_a_secret_that_the_run_may_not_use_fails_the_task() -> None:
    task = {"name": "a", "action": "t.x", "input": {"token": "{{ kv.get_secret('other_team.key') }}"}}
    run = Refusing(compile_graph({"ref": "t.w", "tasks": [task]}), NOW)
    run.tell(RunStarted())
    failure = run.state.failure
    assert failure is not None
    assert failure["type"] == "forbidden_secret"
    assert run.inputs == {}


_READ = "{{ kv.get_secret('web.key') }}"
_PASSED = "{{ parameters.password }}"


@pytest.mark.parametrize("source", [_PASSED, "{{ kv.get_secret(parameters.name) }}"])
@pytest.mark.parametrize(
    ("part", "top"),
    [
        ({"publish": [{"kept": "SOURCE"}]}, {"vars": {"kept": None}}),
        ({"publish": [{"kept": {"deep": ["SOURCE"]}}]}, {"vars": {"kept": None}}),
        ({"with_items": ["SOURCE"], "input": {"n": "{{ item }}"}}, {}),
        ({}, {"output_map": {"shown": "SOURCE"}}),
        ({}, {"vars": {"kept": "SOURCE"}}),
        ({"on_success": [], "next": [{"publish": [{"kept": "SOURCE"}]}]}, {"vars": {"kept": None}}),
    ],
)
def test_it_is_refused_where_it_would_be_kept_or_shown(source: str, part: Any, top: Any) -> None:
    def put(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: put(member) for key, member in value.items()}
        if isinstance(value, list):
            return [put(member) for member in value]
        return source if value == "SOURCE" else value

    task = {"name": "a", "action": "t.x", **put(part)}
    given = {"password": Secret.of("value:1"), "name": "web.key"}
    run = _run(task, parameters=given, **put(top))
    run.tell(RunStarted())
    if run.inputs:
        run.tell(TaskFinished(TaskKey("a", 1), 1, Outcome.succeeded({})))
    assert run.state.failure is not None
    assert run.state.failure["type"] == "forbidden_secret"
    assert not holds_secret(dict(run.state.vars))


@pytest.mark.parametrize(
    "part",
    [
        {"when": "{{ kv.get_secret('a') == 'x' }}"},
        {"publish": [{"kept": _READ}]},
        {"publish": [{"input": _READ}]},
        {"with_items": _READ, "input": {}},
        {"timeout": _READ},
        {"on_success": [], "next": [{"when": "kv.get_secret('a')", "do": "noop"}]},
    ],
)
def test_the_checker_says_so_before_it_runs(part: dict[str, Any]) -> None:
    task = {"name": "a", "action": "t.x", **part}
    text = json.dumps({"ref": "t.w", "vars": {"kept": None, "input": None}, "tasks": [task]})
    with pytest.raises(DefinitionError) as refused:
        parse_workflow(text, "w.yaml")
    assert [problem.code for problem in refused.value.problems] == ["secret_outside_input"]
    assert refused.value.problems[0].line == 1


def test_a_secret_passes_through_a_subworkflow() -> None:
    run = _run({"name": "a", "action": "t.x", "input": {"key": _PASSED}}, parameters={"password": Secret.of("value:1")})
    run.tell(RunStarted())
    row, places = encode(run.inputs[TaskKey("a", 1)])
    assert row == {"key": {"$secret": [{"encoding": "plain", "key": "value:1"}]}}
    assert stored(row, places) == {"key": Secret.of("value:1")}


def test_data_that_looks_like_a_marker_is_data() -> None:
    value = {"a": FORGED, "b": [Secret.of("web.key"), FORGED], "c": {"$secret": 1}}
    row, places = encode(value)
    assert places == [["b", 0]]
    assert decode(row, places) == value
    assert decode(row, None)["b"][0] == Secret.of("web.key").to_json()
    assert not holds_secret(decode({"a": FORGED}, []))


def test_what_people_see_are_stars() -> None:
    seen = masked({"a": Secret.of("k"), "b": [FORGED, {"$secret": [], "x": 1}], "c": 1})
    assert seen == {"a": MASK, "b": [MASK, {"$secret": [], "x": 1}], "c": 1}


def test_values_without_secrets_are_not_copied() -> None:
    value = {"a": [1, {"b": 2}]}
    assert encode(value)[0] is value


SCHEMA = {
    "type": "object",
    "required": ["key"],
    "properties": {"key": {"type": "string", "minLength": 100}, "n": {"type": "integer", "default": 3}},
    "additionalProperties": False,
}


def test_a_schema_does_not_look_at_secrets_and_at_all_the_rest() -> None:
    assert checked(SCHEMA, {"key": Secret.of("k")}) == ({"key": Secret.of("k"), "n": 3}, [])
    assert checked(SCHEMA, {"key": Secret.of("k"), "n": "x"})[1] != []
    assert checked(SCHEMA, {"key": "short"})[1][0][0] == "key"
    assert [message for _, message in checked(SCHEMA, {"kye": Secret.of("k")})[1]] != []
    assert checked(None, {"a": Secret.of("k")})[1] == []
