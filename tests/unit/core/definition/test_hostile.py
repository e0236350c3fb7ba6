"""Whatever is thrown at the checker, it answers with problems: it never raises, and never takes long."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attune_core.definition.check import Known, check_workflow
from attune_core.definition.compile import compile_graph
from attune_core.definition.parse import parse_definition
from attune_core.errors import DefinitionError

CASE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "cases" / "deploy_application.yaml").read_text())
FULL: dict[str, Any] = {
    **CASE,
    "tasks": [
        {
            "name": "everything",
            "action": "core.echo",
            "when": "{{ true }}",
            "with_items": "{{ parameters.app_name }}",
            "batch_size": 2,
            "concurrency": 3,
            "tolerate": {"count": 1},
            "on_item_failure": "continue",
            "retry": {"count": 1, "delay": 1, "backoff": "linear", "max_delay": 9, "jitter": 0.5, "on_error": "true"},
            "timeout": 5,
            "delay": 1,
            "publish": [{"a": 1}],
            "decision": [{"when": "{{ true }}", "next": "block"}, {"default": "noop"}],
            "next": [{"when": "failed()", "publish": {"b": 2}, "do": ["block"]}],
            "compensate": {"action": "core.undo", "input": {}, "retry": {"count": 1}},
            "input": {"x": ["{{ item }}", {"y": "{{ index }}"}]},
        },
        {"name": "block", "type": "parallel", "join": 1, "tasks": [{"name": "sub", "action": "core.echo"}]},
        {"name": "last", "depends_on": ["block", {"task": "sub", "type": "optional"}]},
    ],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=6)
    | st.sampled_from(["{{", "{{ x }}", "{{ item }}", "a", "noop", "", "{{ task.a }}", "all", "§"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
KNOWN = Known({"core.echo": {"type": "object", "properties": {"x": {"type": "array"}}}}, frozenset({"core"}))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, below in children for found in places(below, (*path, key)))]


def replaced(path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(FULL)
    target: Any = changed
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return changed


def answer(definition: Any) -> None:
    """The file and the stored form give the same verdict, and neither raises anything else."""
    text = json.dumps(definition)
    errors = [problem for problem in check_workflow(text, "w.yaml", KNOWN) if problem.severity == "error"]
    assert all(problem.line >= 1 and problem.code and problem.message for problem in errors)
    if not errors:
        compile_graph(parse_definition(yaml.safe_load(text), KNOWN).definition)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(places(FULL)), value=JSON)
def test_any_value_in_any_place(path: tuple[Any, ...], value: Any) -> None:
    answer(replaced(path, value))


@pytest.mark.parametrize(
    "value", [None, True, 0, -1, 1.5, "", "x", "{{ x", [], [None], {}, {"x": None}, [[[]]], "a\nb"]
)
def test_each_place_with_each_odd_value(value: Any) -> None:
    for path in places(FULL):
        if path:
            answer(replaced(path, value))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    check_workflow(f"ref: a.b\ntasks: [{{name: a, when: {text}}}]\n{text}", "w.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ parameters.app_name | attr('__class__') }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{% macro x() %}{% endmacro %}",
        "{% include 'x' %}",
    ],
)
def test_hostile_template_is_refused_with_its_line(text: str) -> None:
    head = "ref: a.b\nparameters: {app_name: {type: string}}\ntasks:\n- name: a\n  action: a.b\n  input:\n"
    source = f"{head}    x: {json.dumps(text)}\n"
    errors = [problem for problem in check_workflow(source, "w.yaml") if problem.severity == "error"]
    assert [(problem.line, problem.column, problem.path) for problem in errors] == [(7, 8, "tasks[0].input.x")]


def test_dense_graphs_are_checked_in_time() -> None:
    names = [f"t{number}" for number in range(120)]
    listed = ", ".join(names)
    text = "ref: a.b\ntasks:\n" + "".join(f"- {{name: {name}, on_success: [{listed}]}}\n" for name in names[1:])
    text += f"- {{name: t0, on_success: [{', '.join(names[1:])}]}}\n"
    started = time.process_time()
    problems = check_workflow(text, "w.yaml")
    assert {problem.code for problem in problems} == {"no_start"}
    assert time.process_time() - started < 5


def test_a_deep_definition_from_json_is_refused_and_not_fatal() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = {"a": deep}
    for key in ("input", "retry", "tasks"):
        with pytest.raises(DefinitionError):
            parse_definition({"ref": "a.b", "tasks": [{"name": "a", "action": "a.b", key: deep}]})
    with pytest.raises(DefinitionError):
        parse_definition({"ref": "a.b", "parameters": {"x": deep}, "tasks": [{"name": "a"}]})


@pytest.mark.parametrize(
    "text",
    [
        "ref: a.b\ntasks:\n- name: a\n  action: a.b\n  input: [{}]\n".replace(
            "[{}]", "{x: [" + ", ".join(f'"{{{{ x{n} }}}}"' for n in range(4_000)) + "]}"
        ),
        "ref: a.b\ntasks:\n- name: a\n  action: a.b\n  input: [{}]\n".replace(
            "[{}]", "{x: [" + ", ".join(f'"{{{{ task.t{n}.result | default(1) }}}}"' for n in range(4_000)) + "]}"
        ),
        "ref: a.b\ntasks: [{name: a}]\nvars:\n" + "".join(f'  v{n}: "{{{{ vars.v{n + 1} }}}}"\n' for n in range(4_000)),
        "ref: a.b\ntasks: [{name: a}]\nparameters:\n" + "".join(f"  v{n}: {{tpye: x}}\n" for n in range(4_000)),
        "ref: a.b\ntasks:\n- name: a\n  decision:\n"
        + "".join(f"  - {{when: 'true', next: t{n}}}\n" for n in range(4_000)),
        "ref: a.b\ntasks:\n- name: a\n  next:\n" + "".join("  - {when: 'true', do: a}\n" for n in range(4_000)),
        "ref: a.b\ntasks:\n"
        + "".join(f"- {{name: task_number_{n}, on_success: tsk_number_{n}_x}}\n" for n in range(1_000)),
    ],
    ids=["names", "defaults", "vars", "parameters", "decision", "next", "hints"],
)
def test_floods_end_in_time(text: str) -> None:
    started = time.process_time()
    check_workflow(text, "w.yaml", KNOWN)
    assert time.process_time() - started < 5
