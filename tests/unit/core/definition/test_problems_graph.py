"""Problems of templates, of the graph and of actions, and warnings: `§` stands where each is expected."""

from __future__ import annotations

import pytest

from attune_core.errors import Severity
from tests.unit.core.definition.marked import check, found, unmarked, workflow

TO_D = "- {name: b, on_success: d}\n- {name: c, on_success: d}\n"

TASKS = [
    # templates: the place is that of the scalar
    ("template_syntax", '- {name: a, when: §"{{ a b }}"}', ""),
    ("template_syntax", '- name: a\n  action: core.noop\n  input:\n    deep:\n      - x\n      - §"{{ 1 + }}"', ""),
    ("unknown_name", '- {name: a, when: §"{{ whatever }}"}', "parameters.whatever"),
    ("unknown_filter", '- {name: a, publish: [{x: §"{{ result | uper }}"}]}', "upper"),
    ("unknown_task", '- {name: a, when: §"{{ task.b.status }}"}', ""),
    ("unknown_task", "- {name: a, when: §\"{{ succeeded('b') }}\"}", ""),
    ("unknown_variable", '- {name: a, action: core.noop, input: {x: 1, y: §"{{ vars.nope }}"}}', "vars: {nope"),
    ("unknown_parameter", '- {name: a, when: §"{{ parameters.nope }}"}', "parameters: {nope"),
    ("item_outside_iteration", '- {name: a, action: core.noop, input: {x: §"{{ item }}"}}', "with_items"),
    ("item_outside_iteration", '- {name: a, with_items: [1], publish: [{x: §"{{ item }}"}]}', "input"),
    ("item_outside_iteration", '- {name: a, with_items: §"{{ item }}"}', ""),
    ("result_outside_task", '- {name: a, when: §"{{ result.x }}"}', "task.NAME"),
    ("result_outside_task", '- {name: a, when: §"{{ succeeded() }}"}', "succeeded('NAME')"),
    # the graph
    ("no_start", "- {name: a, on_success: b}\n- {name: b, on_success: a}", "depends_on"),
    ("unreachable_task", "- name: a\n- {name: §b, on_success: c}\n- {name: §c, on_success: b}", None),
    ("join_unreachable", "- {name: a, on_success: b}\n- {name: b, join: §2}", "up to 1"),
    ("join_unreachable", "- {name: a, join: §all}", "remove"),
    (
        "join_unreachable",
        "- {name: a, on_success: b, on_failure: c}\n- {name: b, on_success: d}\n- {name: c, on_success: d}\n"
        "- {name: d, join: §all}",
        "join: 1",
    ),
    (
        "join_unreachable",
        "- {name: a, decision: [{when: 'true', next: b}, {default: c}]}\n- {name: b, on_success: d}\n"
        "- {name: c, on_success: d}\n- {name: d, join: §2}",
        "join: 1",
    ),
    ("dependency_cycle", "- name: x\n- {name: a, §depends_on: [b]}\n- {name: b, depends_on: [a]}", None),
    # actions
    ("unknown_action", "- {name: a, action: §core.ecko}", "core.echo"),
    ("invalid_input", "- {name: a, action: core.echo, §input: {}}", "message"),
    ("invalid_input", "- {name: a, §action: core.echo}", "message"),
    ("invalid_input", "- {name: a, action: core.echo, input: {message: §5}}", ""),
    ("invalid_input", "- {name: a, action: core.echo, input: {message: x, times: §10}}", ""),
    ("invalid_input", "- {name: a, action: core.echo, input: {message: x, §tims: 1}}", "`times`"),
    ("invalid_input", '- {name: a, action: core.echo, input: {message: "{{ system.trace_id }}", §x: 1}}', ""),
]

WARNINGS = [
    ("unknown_action", "- {name: a, action: §kubernetes.apply}", "install"),
    ("unknown_task", "- {name: a, when: §\"{{ task.b.status | default('x') == 'x' }}\"}", ""),
    ("unknown_variable", '- {name: a, when: §"{{ vars.nope is defined }}"}', ""),
    ("unknown_parameter", '- {name: a, when: §"{{ parameters.x.y | default(1) }}"}', ""),
    (
        "missing_join",
        "- {name: a, on_success: [b, c]}\n- {name: b, on_success: d}\n- {name: c, on_success: d}\n- name: §d",
        "join: all",
    ),
    ("missing_join", "- {name: b, on_success: d}\n- {name: c, on_complete: d}\n- name: §d", "join: all"),
    ("started_twice", "- {name: a, §on_success: b, on_complete: b}\n- name: b", "one"),
    ("endless_loop", "- {name: s, on_success: a}\n- {name: §a, on_success: b}\n- {name: b, on_success: a}", "decision"),
    ("endless_loop", "- {name: s, on_success: a}\n- {name: §a, on_success: a}", "decision"),
    ("reserved_key", "- {name: a, §compensate: {action: core.noop}}", ""),
]


@pytest.mark.parametrize(("code", "tasks", "hint"), TASKS)
def test_error_in_a_task(code: str, tasks: str, hint: str | None) -> None:
    if tasks.count("§") != 1:
        assert found(check(workflow(tasks.replace("§", ""))), Severity.ERROR, code)
        return
    plain, line, column = unmarked(workflow(tasks))
    ((found_line, found_column, found_hint),) = found(check(plain), Severity.ERROR, code)
    assert (found_line, found_column) == (line, column)
    assert (hint or "") in found_hint


@pytest.mark.parametrize(("code", "tasks", "hint"), WARNINGS)
def test_warning(code: str, tasks: str, hint: str) -> None:
    plain, line, column = unmarked(workflow(tasks))
    problems = check(plain)
    assert [p for p in problems if p.severity is Severity.ERROR] == []
    ((found_line, found_column, found_hint),) = found(problems, Severity.WARNING, code)
    assert (found_line, found_column) == (line, column)
    assert hint in found_hint


@pytest.mark.parametrize(
    "tasks",
    [
        # sources that exclude each other need no join
        "- {name: a, on_success: d, on_failure: b}\n- {name: b, on_complete: d}\n- name: d",
        "- {name: a, decision: [{when: 'true', next: b}, {default: c}]}\n" + TO_D + "- name: d",
        "- {name: a, next: [{when: '{{ succeeded() }}', do: b}, {when: '{{ failed() }}', do: c}]}\n"
        + TO_D
        + "- name: d",
        "- {name: a, next: [{when: '{{ result.x }}', do: b}, {when: '{{ not result.x }}', do: c}]}\n"
        + TO_D
        + "- name: d",
        # a loop with a way out, entered from outside
        "- {name: s, on_success: a}\n- {name: a, on_success: b}\n"
        "- {name: b, decision: [{when: 'true', next: a}, {default: noop}]}",
        "- {name: s, on_success: a}\n- {name: a, next: [{when: '{{ result.more }}', do: a}]}",
        # a join of real parallel branches
        "- {name: a, on_success: [b, c]}\n" + TO_D + "- {name: d, join: all}",
        "- {name: a, on_success: [b, c]}\n" + TO_D + "- {name: d, join: 1}",
        # pull edges
        "- name: a\n- name: b\n- {name: c, depends_on: [a, {task: b, type: soft}]}",
        "- {name: a, on_failure: b}\n- name: b\n- {name: c, depends_on: [{task: a}, {task: b, type: optional}]}",
        "- {name: a, on_success: [fail]}\n- {name: b, on_success: complete, on_failure: noop}",
    ],
)
def test_nothing_to_complain_about(tasks: str) -> None:
    assert check(workflow(tasks)) == []
