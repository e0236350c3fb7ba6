"""Problems at the top of a workflow: `§` stands where each is expected. And what holds for all problems."""

from __future__ import annotations

import pytest

from attune_core.definition.check import check_workflow
from attune_core.errors import Severity
from tests.unit.core.definition.marked import check, found, unmarked, workflow

TOP = [
    ("missing_key", "§label: no ref\ntasks: [{name: a}]\n", "ref: PACK.NAME"),
    ("missing_key", "§ref: a.b\n", "tasks:"),
    ("invalid_ref", "ref: §deploy\ntasks: [{name: a}]\n", ""),
    ("invalid_ref", "ref: §" + "a." + "b" * 255 + "\ntasks: [{name: a}]\n", ""),
    ("invalid_ref", 'ref: §""\ntasks: [{name: a}]\n', ""),
    ("invalid_version", 'ref: a.b\nversion: §"1.0"\ntasks: [{name: a}]\n', ""),
    ("wrong_type", "ref: a.b\nversion: §1.0\ntasks: [{name: a}]\n", "quotes"),
    ("wrong_type", "ref: a.b\nlabel: §[x]\ntasks: [{name: a}]\n", ""),
    ("wrong_type", "ref: a.b\ntags: §x\ntasks: [{name: a}]\n", ""),
    ("wrong_type", "ref: a.b\ntasks: §{a: {action: core.noop}}\n", "- name"),
    ("wrong_type", "ref: a.b\ntasks: §[]\n", "- name"),
    ("wrong_type", "ref: a.b\ntasks: [§a]\n", "- name"),
    ("wrong_type", "ref: a.b\nvars: §[a]\ntasks: [{name: a}]\n", "`a: VALUE` lines below it, without the dashes"),
    ("wrong_type", "ref: a.b\nvars:\n  §- a: 1\n  - b: 2\ntasks: [{name: a}]\n", "write `vars:` with `a: VALUE`"),
    ("wrong_type", "ref: a.b\nvars: §[]\ntasks: [{name: a}]\n", ""),
    ("wrong_type", "ref: a.b\ntasks: [{name: a}]\noutput_map: §[{x: 1}]\n", "write `output_map:` with `x: VALUE`"),
    ("wrong_type", "ref: a.b\ntasks: [{name: a, input: §[{x: 1}]}]\n", "write `input:` with `x: VALUE`"),
    ("invalid_name", "ref: a.b\nvars: {§a-b: 1}\ntasks: [{name: a}]\n", ""),
    ("vars_cycle", 'ref: a.b\nvars:\n  §a: "{{ vars.b }}"\n  b: "{{ vars.a }}"\ntasks: [{name: a}]\n', ""),
    ("unknown_key", "ref: a.b\n§task: []\ntasks: [{name: a}]\n", "`tasks`"),
    ("unknown_key", "ref: a.b\ntasks: [{name: a}]\n§on_unhandled_failur: stop\n", "on_unhandled_failure"),
    ("unknown_value", "ref: a.b\ntasks: [{name: a}]\non_unhandled_failure: §stopp\n", "stop"),
    ("unknown_value", "ref: a.b\ntasks: [{name: a}]\ncancellation_policy: §kill\n", "cancel_running"),
    ("out_of_range", "ref: a.b\ntasks: [{name: a}]\ntimeout: §0\n", "above 0"),
    ("out_of_range", "ref: a.b\ntasks: [{name: a}]\nmax_iterations: §0\n", "from 1"),
    ("out_of_range", "ref: a.b\ntasks: [{name: a}]\nmax_iterations: §1.5\n", "from 1"),
    ("wrong_type", "ref: a.b\ntasks: [{name: a}]\noutput_map: §text\n", ""),
    ("unknown_key", "ref: a.b\nparameters: {x: {§tpye: string}}\ntasks: [{name: a}]\n", "`type`"),
    ("unknown_value", "ref: a.b\nparameters: {x: {type: §strin}}\ntasks: [{name: a}]\n", "`string`"),
    ("unknown_value", "ref: a.b\nparameters: {x: {type: §int}}\ntasks: [{name: a}]\n", "`integer`"),
    ("wrong_type", "ref: a.b\nparameters: {x: §string}\ntasks: [{name: a}]\n", "{type: string}"),
    ("wrong_type", "ref: a.b\nparameters: §[x]\ntasks: [{name: a}]\n", "without dashes"),
    ("wrong_type", "ref: a.b\nparameters: {x: {type: string, secret: §please}}\ntasks: [{name: a}]\n", "true"),
    ("default_type", "ref: a.b\nparameters: {x: {type: integer, default: §abc}}\ntasks: [{name: a}]\n", ""),
    ("default_type", "ref: a.b\nparameters: {x: {type: string, default: §null}}\ntasks: [{name: a}]\n", "null"),
    ("default_type", "ref: a.b\nparameters: {x: {enum: [a, b], default: §c}}\ntasks: [{name: a}]\n", ""),
    ("invalid_schema", "ref: a.b\nparameters: {x: {type: integer, minimum: §a}}\ntasks: [{name: a}]\n", ""),
    ("invalid_schema", "ref: a.b\nparameters: {x: {type: string, pattern: §(}}\ntasks: [{name: a}]\n", ""),
    ("schema_reference", "ref: a.b\noutput: {type: object, $ref: §'http://x/y'}\ntasks: [{name: a}]\n", "$defs"),
    (
        "schema_too_costly",
        "ref: a.b\noutput: §{$defs: {a: {allOf: [{$ref: '#/$defs/a'}, {$ref: '#/$defs/a'}]}}, "
        "$ref: '#/$defs/a'}\ntasks: [{name: a}]\n",
        "",
    ),
]


@pytest.mark.parametrize(("code", "text", "hint"), TOP)
def test_error_at_the_top(code: str, text: str, hint: str) -> None:
    plain, line, column = unmarked(text)
    ((found_line, found_column, found_hint),) = found(check(plain), Severity.ERROR, code)
    assert (found_line, found_column) == (line, column)
    assert hint in found_hint


def test_all_problems_come_at_once_and_sorted() -> None:
    problems = check(
        """\
ref: a.b
lable: x
tasks:
  - name: a
    action: core.ecko
    on_sucess: b
    retry: {count: 1e9, delay: -1}
  - name: a
    timeout: 0
    when: "{{ nope }}"
  - name: c
    join: 3
"""
    )
    assert [(p.line, p.code) for p in problems] == [
        (2, "unknown_key"),
        (5, "unknown_action"),
        (6, "unknown_key"),
        (7, "out_of_range"),
        (7, "out_of_range"),
        (8, "duplicate_name"),
        (9, "out_of_range"),
        (10, "unknown_name"),
        (12, "join_unreachable"),
    ]
    assert all(p.file == "w.yaml" and p.column and p.message for p in problems)
    assert [p.path for p in problems][3:5] == ["tasks[0].retry.count", "tasks[0].retry.delay"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("ref: a.b\noutput: {x: {type: integer}}\ntasks: [{name: a}]\noutput_map: {x: §a}\n", "declares"),
        ("ref: a.b\noutput: {x: {required: true}}\ntasks: [{name: a}]\n§output_map: {}\n", "x: ..."),
        (
            "ref: a.b\noutput: {type: object, properties: {status: {}}, additionalProperties: false}\n"
            "tasks: [{name: a}]\noutput_map: {§statis: 1}\n",
            "`status`",
        ),
    ],
)
def test_an_output_that_its_schema_refuses_is_a_warning(text: str, hint: str) -> None:
    plain, line, column = unmarked(text)
    ((found_line, found_column, found_hint),) = found(check(plain), Severity.WARNING, "invalid_output")
    assert (found_line, found_column) == (line, column)
    assert hint in found_hint


def test_the_text_of_a_problem() -> None:
    (problem,) = check("ref: a.b\ntasks: [{name: a, on_sucess: b}, {name: b}]\n")
    assert str(problem) == (
        "w.yaml:2:19: error: the key `on_sucess` is not known here (did you mean `on_success`?) [unknown_key]"
    )


def test_a_flood_of_problems_is_cut() -> None:
    keys = "\n".join(f"key{number}: 1" for number in range(20_000))
    problems = check(f"ref: a.b\ntasks: [{{name: a}}]\n{keys}\n")
    assert len(problems) == 200


def test_too_many_tasks() -> None:
    tasks = "\n".join(f"- name: t{number}" for number in range(1_003))
    (problem,) = check(f"ref: a.b\ntasks:\n{tasks}\n")
    assert (problem.code, problem.line) == ("too_many_tasks", 1_003)


def test_too_many_templates() -> None:
    templates = ", ".join(['"{{ 1 }}"'] * 4_001)
    (problem,) = check(f"ref: a.b\ntasks:\n- name: a\n  when: 'true'\n  input: {{x: [{templates}]}}\n")
    assert (problem.code, problem.line, problem.column) == ("too_many_templates", 5, 10)


def test_yaml_problems_and_others_come_together() -> None:
    problems = check("ref: a.b\nref: a.c\ntasks: [{name: a, timeout: 0}]\n")
    assert [p.code for p in problems] == ["yaml_duplicate_key", "out_of_range"]


def test_without_knowledge_nothing_is_said_about_actions() -> None:
    assert check_workflow(workflow("- {name: a, action: any.thing, input: {x: 1}}"), "w.yaml") == []


def test_a_list_without_tasks_is_called_empty() -> None:
    (problem,) = check("ref: a.b\ntasks: []\n")
    assert (problem.code, "one that is empty" in problem.message) == ("wrong_type", True)
