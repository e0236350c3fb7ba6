"""Rehearsals with a pack around them: subworkflows, refused parameters, timeouts of actions."""

from __future__ import annotations

from attune_core.rehearsal.report import What
from tests.unit.core.rehearsal.plays import play_pack

INNER = """
parameters: {n: {type: integer, required: true}, factor: {type: integer, default: 2}}
tasks:
  - {name: first, action: test.work, input: {n: "{{ parameters.n }}"}, on_success: second}
  - {name: second, action: other.thing}
output_map: {twice: "{{ parameters.n * parameters.factor }}"}
"""
OUTER = """
tasks: [{name: call, action: test.inner, input: {n: 4}}]
output_map: {answer: "{{ task.call.result.twice }}"}
"""


def test_a_subworkflow_is_scripted_like_any_action() -> None:
    report = play_pack("outer", "outcomes: {call: {succeed: {twice: 3}}}", outer=OUTER, inner=INNER)
    assert report.output == {"answer": 3}


def test_or_rehearsed_with_its_own_answers_and_times() -> None:
    script = "{subworkflows: run, outcomes: {call.second: {succeed: 1, after: 60}}}"
    report = play_pack("outer", script, outer=OUTER, inner=INNER)
    assert (report.output, report.duration, report.path) == ({"answer": 8}, 60, ("call",))
    inside = [(step.at, step.name) for step in report.steps if step.what is What.ENDED and "." in step.name]
    assert inside == [(0, "call.first"), (60, "call.second")]


def test_a_task_with_an_answer_is_not_rehearsed() -> None:
    report = play_pack("outer", "{subworkflows: run, outcomes: {call: {fail: no}}}", outer=OUTER, inner=INNER)
    assert report.error["message"] == "no"


def test_its_failure_is_the_tasks_failure() -> None:
    script = "{subworkflows: run, outcomes: {call.first: {fail: {type: boom}}}}"
    assert play_pack("outer", script, outer=OUTER, inner=INNER).error["type"] == "boom"


def test_items_are_told_apart() -> None:
    each = """
    tasks: [{name: call, action: test.inner, with_items: [1, 2], input: {n: "{{ item }}"}, tolerate: {count: 1}}]
    output_map: {answers: "{{ task.call.items | map(attribute='status') | list }}"}
    """
    script = "{subworkflows: run, outcomes: {'call[1].first': fail, call.first: succeed}}"
    assert play_pack("outer", script, outer=each, inner=INNER).output == {"answers": ["succeeded", "failed"]}


def test_what_a_cancelled_subworkflow_would_have_done_is_not_told() -> None:
    script = "{subworkflows: run, outcomes: {call.first: {succeed: 1, after: 4}}, signals: [{cancel: 2}]}"
    report = play_pack("outer", script, outer=OUTER, inner=INNER)
    assert report.status.value == "cancelled"
    assert [step for step in report.steps if step.at > 2] == []


def test_a_workflow_that_calls_itself_ends() -> None:
    report = play_pack("self", "subworkflows: run", self="tasks: [{name: again, action: test.self}]")
    assert report.error["type"] == "depth_limit"


def test_parameters_are_refused_as_in_a_real_run() -> None:
    tasks = """
    parameters: {n: {}}
    tasks: [{name: a, action: test.work, input: {n: "{{ parameters.n }}"}}]
    """
    assert play_pack("w", "parameters: {n: many}", w=tasks).error["type"] == "input_error"
    assert play_pack("w", "parameters: {n: 5}", w=tasks).status.value == "completed"


def test_the_actions_own_timeout_holds() -> None:
    tasks = "tasks: [{name: a, action: test.work, input: {n: 1}, on_timeout: noop}]"
    report = play_pack("w", "outcomes: {a: {succeed: 1, after: 6}}", w=tasks)
    assert (report.tasks["a"], report.duration) == ("timed_out", 5)
