"""What happens in a rehearsal, and when: virtual time, timeouts, inquiries, control, bounds."""

from __future__ import annotations

import time
from random import Random

import pytest

from attune_core.definition.workflow import read_workflow
from attune_core.rehearsal.reading import read_script
from attune_core.rehearsal.report import Report, What
from attune_core.rehearsal.run import rehearse
from tests.unit.core.definitions import add_joins, random_workflow
from tests.unit.core.rehearsal.plays import play

DAY = 86_400


def _at(report: Report, what: What, name: str) -> list[float]:
    return [step.at for step in report.steps if step.what is what and step.name == name]


def test_a_day_of_retries_takes_milliseconds() -> None:
    began = time.process_time()
    report = play("- {name: a, action: x.y, retry: {count: 24, delay: 3600}}", "outcomes: {a: fail}")
    assert time.process_time() - began < 0.5
    assert report.duration == DAY
    assert report.attempts == {"a": 25}
    assert _at(report, What.RETRIED, "a") == [3600.0 * hour for hour in range(24)]


def test_an_attempt_that_takes_longer_than_its_timeout_is_timed_out() -> None:
    report = play("- {name: a, action: x.y, timeout: 10, on_timeout: noop}", "outcomes: {a: {succeed: 1, after: 60}}")
    assert (report.tasks["a"], report.duration, report.status.value) == ("timed_out", 10, "completed")


def test_the_timeout_counts_for_each_attempt() -> None:
    script = "outcomes: {a: [{succeed: 1, after: 60}, {succeed: 2, after: 9}]}"
    report = play("- {name: a, action: x.y, timeout: 10, retry: {count: 1, delay: 5}}", script)
    assert (report.tasks["a"], report.duration) == ("succeeded", 24)


def test_items_time_out_too() -> None:
    tasks = "- {name: a, action: x.y, with_items: [1, 2], timeout: 10, tolerate: {count: 1}}"
    report = play(tasks, "outcomes: {'a[1]': {succeed: 1, after: 60}}")
    assert report.duration == 10
    assert report.tasks == {"a": "succeeded"}


@pytest.mark.parametrize(
    ("script", "status", "duration"),
    [
        ("outcomes: {ask: {succeed: {ok: true}, after: 30}}", "succeeded", 30),
        ("outcomes: {ask: {succeed: {ok: true}, after: 90}}", "timed_out", 60),
        ("{}", "timed_out", 60),
    ],
)
def test_inquiries_wait_for_their_answer(script: str, status: str, duration: float) -> None:
    tasks = "- {name: ask, action: core.inquiry, input: {prompt: ok?, timeout: 60}, on_timeout: noop}"
    report = play(tasks, script)
    assert (report.tasks["ask"], report.duration) == (status, duration)


def test_an_inquiry_that_nobody_answers_leaves_the_run_waiting() -> None:
    report = play("- {name: ask, action: core.inquiry, input: {prompt: ok?}}")
    assert (report.status.value, report.tasks["ask"], report.stopped) == ("waiting", "waiting", "")


def test_the_inquirys_own_default_is_its_answer() -> None:
    tasks = "- {name: ask, action: core.inquiry, input: {prompt: ok?, timeout: 60, default: {ok: false}}}"
    assert play("tasks:\n" + tasks + "\noutput_map: {ok: '{{ task.ask.result.ok }}'}").output == {"ok": False}


def test_the_simplest_actions_do_what_they_always_do() -> None:
    report = play(
        """
        - {name: say, action: core.echo, input: {message: hi}, on_success: wait}
        - {name: wait, action: core.sleep, input: {seconds: 7}, on_success: break}
        - {name: break, action: core.fail, input: {type: boom}, on_failure: noop}
        """
    )
    ended = {step.name: step.value for step in report.steps if step.what is What.ENDED}
    assert ended["say"] == {"message": "hi"}
    assert ended["wait"] == {"seconds": 7}
    assert ended["break"]["type"] == "boom"
    assert report.duration == 7


def test_a_default_of_the_script_wins_over_that() -> None:
    assert play("- {name: say, action: core.echo}", "default: {fail: down}").error["message"] == "down"


def test_pausing_holds_timers_until_the_run_goes_on() -> None:
    tasks = "- {name: a, action: x.y, retry: {count: 1, delay: 10}}"
    script = "{outcomes: {a: [{fail: x, after: 1}, succeed]}, signals: [{pause: 5}, {resume: 100}]}"
    report = play(tasks, script)
    assert (report.status.value, report.duration) == ("completed", 100)


def test_a_paused_run_that_is_not_resumed_stays_paused() -> None:
    report = play("- {name: a, action: x.y, delay: 10}", "signals: [{pause: 5}]")
    assert report.status.value == "paused"


def test_cancelling_ends_what_runs_and_what_waits() -> None:
    tasks = """
        - {name: runs, action: x.y}
        - {name: waits, action: x.y, delay: 50}
        - {name: items, action: x.y, with_items: [1, 2, 3], concurrency: 2}
        """
    report = play(tasks, "{default: {succeed: 1, after: 30}, signals: [{cancel: 5}]}")
    assert report.status.value == "cancelled"
    assert report.duration == 5
    assert (report.tasks["runs"], report.tasks["waits"]) == ("cancelled", "cancelled")
    assert report.attempts["items[1]"] == 1
    assert "items[2]" not in report.attempts


def test_allow_finish_spares_what_runs() -> None:
    workflow = """
        cancellation_policy: allow_finish
        tasks:
          - {name: runs, action: x.y}
          - {name: waits, action: x.y, delay: 50}
        """
    report = play(workflow, "{outcomes: {runs: {succeed: 1, after: 30}}, signals: [{cancel: 5}]}")
    assert report.tasks == {"runs": "succeeded", "waits": "cancelled"}
    assert (report.status.value, report.duration) == ("cancelled", 30)


def test_variables_are_told_when_they_change() -> None:
    workflow = """
        vars: {n: 0}
        tasks: [{name: a, action: x.y, publish: [{n: 1}]}]
        """
    report = play(workflow, "outcomes: {a: {succeed: null, after: 3}}")
    assert [(step.at, step.name, step.value) for step in report.steps if step.what is What.SET] == [
        (0, "n", 0),
        (3, "n", 1),
    ]


def test_a_loop_without_end_is_given_up() -> None:
    workflow = """
        max_iterations: 1000000
        tasks:
          - {name: s, on_success: a}
          - {name: a, next: [{when: "{{ true }}", do: a}]}
        """
    began = time.process_time()
    report = play(workflow)
    assert "50,000 task activations" in report.stopped
    assert time.process_time() - began < 30


def test_too_many_signals_are_given_up() -> None:
    tasks = '- {name: a, action: x.y, with_items: "{{ range(1000) | list }}"}'
    assert play(tasks, limit=100).stopped
    assert not play(tasks, limit=5_000).stopped


def test_the_engines_own_limit_is_no_end_of_the_rehearsal() -> None:
    workflow = """
        max_iterations: 5
        tasks:
          - {name: s, on_success: a}
          - {name: a, action: x.y, next: [{when: "{{ true }}", do: a}]}
        """
    report = play(workflow)
    assert report.error["type"] == "iteration_limit"
    assert report.stopped == ""


def test_cancelling_ends_a_task_that_waits_for_its_retry() -> None:
    tasks = "- {name: a, action: x.y, retry: {count: 2, delay: 10}}"
    report = play(tasks, "{outcomes: {a: fail}, signals: [{cancel: 4}]}")
    assert (report.status.value, report.tasks, report.duration) == ("cancelled", {"a": "cancelled"}, 4)


@pytest.mark.parametrize("seed", range(150))
def test_random_workflows_come_to_an_end(seed: int) -> None:
    dice = Random(seed)
    workflow = random_workflow(dice)
    add_joins(dice, workflow)
    graph = read_workflow({"ref": "test.w", **workflow}).graph
    answers = [{kind: None, "after": dice.choice([0, 1, 30])} for kind in dice.choices(["succeed", "fail"], k=3)]
    signals = dice.choice([[], [{"cancel": dice.choice([0, 1, 5, 40])}], [{"pause": 1}, {"resume": 20}]])
    outcomes = {name: answers for name, node in graph.tasks.items() if dice.random() < 0.7 and node.action}
    report = rehearse(graph, read_script({"outcomes": outcomes, "signals": signals}))
    assert report.status.is_final
    assert report.stopped == ""
