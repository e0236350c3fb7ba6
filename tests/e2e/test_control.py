"""Runs under control, by the command line and so through REST: in one process, and as services over RabbitMQ."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import open_folder
from tests.e2e.running import Attune, Services, running_dev, write
from tests.support.waiting import until_sync

NAMES = ("api", "notifier", "executor-1", "worker-1")
INNER = """
ref: held.inner
parameters: {count: {type: integer, required: true}}
tasks:
  - name: each
    action: held.gate
    with_items: "{{ range(parameters.count) | list }}"
    concurrency: 2
    on_item_failure: continue
    input: {number: "{{ item }}"}
    on_success: after
  - {name: after, action: core.echo, input: {message: "{{ task.each.succeeded_count }}"}}
output_map: {said: "{{ task.after.result.message }}", numbers: "{{ task.each.result }}"}
"""
OUTER = """
ref: held.outer
parameters: {count: {type: integer, default: 6}}
tasks:
  - name: inner
    action: held.inner
    input: {count: "{{ parameters.count }}"}
    decision:
      - {when: "{{ result.said == 1 }}", next: fail}
      - {default: last}
  - {name: last, action: core.echo, input: {message: "{{ task.inner.result.said }}"}}
output_map: {said: "{{ task.last.result.message }}"}
"""
ASKING = """
ref: held.asking
tasks:
  - name: ask
    action: core.inquiry
    with_items: [first, second]
    input:
      prompt: "Go with {{ item }}?"
      assigned_to: [admin]
      schema: {go: {type: boolean, required: true}, count: {type: integer, default: 1}}
    on_success: tell
  - {name: tell, action: core.echo, input: {message: "{{ task.ask.result | map(attribute='count') | sum }}"}}
output_map: {said: "{{ task.tell.result.message }}"}
"""
PACK = {
    "pack.yaml": "ref: held\nlabel: Held\nversion: 1.0.0\n",
    "workflows/inner.yaml": INNER,
    "workflows/outer.yaml": OUTER,
    "workflows/asking.yaml": ASKING,
    "workflows/around.yaml": "ref: held.around\ntasks:\n  - {name: inner, action: held.asking}\n"
    'output_map: {said: "{{ task.inner.result.said }}"}\n',
    "actions/gate.yaml": "ref: held.gate\nlabel: Gate\nruntime: shell\n"
    "parameters:\n  number: {type: integer, required: true}\n",
    # waits for the file `open`, and fails as long as there is one with its number
    "actions/gate.sh": """
number=$(sed 's/[^0-9]//g')
while [ ! -e {place}/open ] && [ ! -e {place}/open-$number ]; do sleep 0.05; done
[ ! -e {place}/bad-$number ] || {{ echo "number $number is bad" >&2; exit 3; }}
echo "{{\\"number\\": $number}}"
""",
}


@dataclass
class Platform:
    """`restart` kills what decides (and with it, in one process, everything) and starts it again."""

    cli: Attune
    place: Path
    restart: Callable[[], None]

    def open(self, name: str = "open") -> None:
        (self.place / name).touch()

    def close(self) -> None:
        for path in self.place.glob("*"):
            path.unlink()

    def run(self, workflow: str, **parameters: object) -> str:
        given = [word for name, value in parameters.items() for word in ("-p", f"{name}={value}")]
        return str(self.cli.json("workflow", "run", workflow, *given)["id"])

    def status(self, execution: str) -> str:
        return str(self.cli.json("execution", "show", execution)["status"])

    def reaches(self, execution: str, *wanted: str) -> None:
        try:
            until_sync(lambda: self.status(execution) in wanted, 60, f"{wanted}")
        except TimeoutError as late:
            told = self.cli.run("execution", "explain", execution).stdout
            raise AssertionError(f"{late}; it is {self.status(execution)}\n{told}") from late

    def items(self, execution: str) -> dict[str, Any]:
        """The progress of the iteration in the subworkflow."""
        inner = self.task(execution, "inner")
        if inner is None or inner["child_workflow_execution"] is None:
            return {}
        tasks = self.cli.json("execution", "show", str(inner["execution"]))["tasks"]
        found = next((task for task in tasks if task["task_name"] == "each"), None)
        return dict(found["items"]) if found else {}

    def task(self, execution: str, name: str) -> dict[str, Any] | None:
        tasks = self.cli.json("execution", "show", execution).get("tasks", [])
        return next((task for task in tasks if task["task_name"] == name), None)

    def explained(self, execution: str) -> str:
        return self.cli.run("execution", "explain", execution).stdout

    def pending(self, count: int) -> list[dict[str, Any]]:
        def look() -> list[dict[str, Any]]:
            found = self.cli.json("inquiry", "list")
            return found if len(found) == count else []

        found: list[dict[str, Any]] = until_sync(look, 60, f"{count} inquiries")
        return found


@contextlib.contextmanager
def in_one_process(folder: Path, place: Path) -> Iterator[Platform]:
    with running_dev(folder) as dev:

        def restart() -> None:
            assert dev.process is not None
            dev.process.kill()
            dev.start()

        yield Platform(dev.cli, place, restart)


@contextlib.contextmanager
def as_services(folder: Path, place: Path, request: pytest.FixtureRequest) -> Iterator[Platform]:
    with request.getfixturevalue("postgres_server").database() as database:
        urls = {"ATTUNE_DATABASE_URL": database, "ATTUNE_AMQP_URL": request.getfixturevalue("amqp_url")}
        services = Services(folder, urls)

        def restart() -> None:
            services.processes["executor-1"].kill()
            services.start("executor-1")

        try:
            services.start(*NAMES)
            services.until_ready()
            yield Platform(services.cli, place, restart)
        finally:
            services.stop()


@pytest.fixture(scope="module", params=["one process", "services"])
def shared(request: pytest.FixtureRequest) -> Iterator[Platform]:
    with open_folder() as folder, open_folder() as place:
        place.chmod(0o777)
        files = {name: text.format(place=place) if name.endswith(".sh") else text for name, text in PACK.items()}
        write(folder / "held", files)
        kind = in_one_process(folder, place) if request.param == "one process" else as_services(folder, place, request)
        with kind as platform:
            platform.cli.run("pack", "register", str(folder / "held"))
            yield platform


@pytest.fixture
def platform(shared: Platform) -> Iterator[Platform]:
    shared.close()
    yield shared
    shared.open()


def test_pause_and_resume_through_a_subworkflow_and_its_iteration(platform: Platform) -> None:
    number = platform.run("held.outer")
    until_sync(lambda: platform.items(number).get("live") == 2, 60, "two items under way")
    platform.cli.run("execution", "pause", number)
    platform.open()
    platform.reaches(number, "paused")
    assert platform.items(number)["started"] == 2
    assert "which is paused" in platform.explained(number)
    platform.restart()
    platform.cli.run("execution", "resume", number)
    platform.reaches(number, "completed")
    assert platform.cli.json("execution", "show", number)["result"] == {"said": 6}


def test_a_run_is_resumed_right_after_it_was_paused_and_paused_right_after_it_was_resumed(platform: Platform) -> None:
    """Whether an executor has done the first or not: what was asked last is what comes of it."""
    number = platform.run("held.outer")
    until_sync(lambda: platform.items(number).get("live") == 2, 60, "two items under way")
    for word in ("pause", "resume", "pause"):
        platform.cli.run("execution", word, number)
    platform.open()
    platform.reaches(number, "paused")
    platform.close()
    for word in ("resume", "pause", "resume"):
        platform.cli.run("execution", word, number)
    platform.open()
    platform.reaches(number, "completed")
    assert platform.cli.json("execution", "show", number)["result"] == {"said": 6}


def test_cancel_reaches_what_runs(platform: Platform) -> None:
    number = platform.run("held.outer")
    until_sync(lambda: platform.items(number).get("live") == 2, 60, "two items under way")
    platform.cli.run("execution", "cancel", number)
    platform.reaches(number, "cancelled")
    counts = platform.items(number)
    assert (counts["started"], counts["cancelled"], counts["live"]) == (2, 2, 0)
    assert "`inner` was cancelled" in platform.explained(number)


def test_retry_of_the_failed_items_alone_and_of_a_subworkflow(platform: Platform) -> None:
    platform.open()
    for bad in (1, 4):
        platform.open(f"bad-{bad}")
    inner = platform.run("held.inner", count=6)
    platform.reaches(inner, "failed")
    told = platform.explained(inner)
    assert "2 of 6 items of each failed, first item" in told
    for bad in (1, 4):
        (platform.place / f"bad-{bad}").unlink()
    platform.cli.run("execution", "retry", inner, "--failed-items")
    platform.reaches(inner, "completed")
    shown = platform.cli.json("execution", "show", inner)
    assert shown["result"] == {"said": 6, "numbers": [{"number": number} for number in range(6)]}
    journal = platform.cli.run("execution", "history", inner).stdout
    assert "RetryRequested failed items" in journal
    assert "run each[1], run each[4]" in journal


def test_a_subworkflow_that_failed_runs_again_from_its_parent(platform: Platform) -> None:
    platform.open()
    platform.open("bad-0")
    outer = platform.run("held.outer", count=2)
    platform.reaches(outer, "failed")
    first = platform.task(outer, "inner")
    assert first is not None
    refused = platform.cli.run("execution", "retry", str(first["execution"]), expect=1)
    assert "retried through the workflow around it" in refused.stderr
    (platform.place / "bad-0").unlink()
    platform.cli.run("execution", "retry", outer, "--task", "inner")
    platform.reaches(outer, "completed")
    second = platform.task(outer, "inner")
    assert second is not None
    assert (first["iteration"], second["iteration"]) == (1, 2)
    assert first["child_workflow_execution"] != second["child_workflow_execution"]
    graph = platform.cli.json("execution", "graph", outer)
    edges = {(edge["from"], edge["to"]): edge for edge in graph["edges"]}
    assert (edges["inner", "fail"]["fired"], edges["inner", "fail"]["gave"]) == (False, "false")
    assert edges["inner", "last"]["fired"]
    drawn = platform.cli.run("execution", "graph", outer).stdout
    assert "decision[1] ━▶ last" in drawn
    again = platform.cli.run("execution", "retry", outer, expect=1)
    assert "[wrong_state]" in again.stderr


def test_people_are_asked_and_answer_while_executors_come_and_go(platform: Platform) -> None:
    number = platform.run("held.around")
    asked = {each["prompt"]: str(each["id"]) for each in platform.pending(2)}
    platform.reaches(number, "waiting")
    assert sorted(asked) == ["Go with first?", "Go with second?"]
    first, second = asked["Go with first?"], asked["Go with second?"]
    bad = platform.cli.run("inquiry", "answer", first, "-p", "go=perhaps", expect=1)
    assert "body.response.go" in bad.stderr
    platform.cli.run("inquiry", "answer", first, "-p", "go=true", "-p", "count=41")
    twice = platform.cli.run("inquiry", "answer", first, "-p", "go=true", expect=1)
    assert "[already_answered]" in twice.stderr
    platform.restart()
    platform.cli.run("inquiry", "answer", second, "--response", '{"go": true}')
    platform.reaches(number, "completed")
    assert platform.cli.json("execution", "show", number)["result"] == {"said": 42}
    shown = platform.cli.json("inquiry", "show", first)
    assert (shown["response"], shown["status"]) == ({"go": True, "count": 41}, "responded")


def test_a_cancelled_run_takes_no_answer(platform: Platform) -> None:
    number = platform.run("held.asking")
    inquiry = str(platform.pending(2)[0]["id"])
    platform.reaches(number, "waiting")
    platform.cli.run("execution", "cancel", number)
    platform.reaches(number, "cancelled")
    late: subprocess.CompletedProcess[str] = platform.cli.run("inquiry", "answer", inquiry, "-p", "go=true", expect=1)
    assert "[inquiry_closed]" in late.stderr
    assert platform.cli.json("inquiry", "list") == []


def test_words_are_what_the_schema_asks_for(platform: Platform) -> None:
    platform.open()
    number = platform.run("held.inner", count=3)
    platform.reaches(number, "completed")
    refused = platform.cli.run("workflow", "run", "held.inner", "-p", "count=three", expect=1)
    assert 'parameters.count: "three" is not of type "integer"' in refused.stderr
