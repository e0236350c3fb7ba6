"""`attune dev` with packs of one's own, and what `kill -9` does to it."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import Dev, processes_with, running_dev, write
from tests.support.waiting import until_sync

FLOW = """
ref: mine.flow
parameters:
  words: {type: array, items: {type: string}, default: [a, b, c]}
tasks:
  - name: first
    action: core.echo
    input: {message: "hello"}
    publish: {greeting: "{{ result.message }}"}
    on_success: each
  - name: each
    action: mine.upper
    with_items: "{{ parameters.words }}"
    concurrency: 2
    input: {word: "{{ item }}"}
    on_success: last
    on_failure: rescue
  - name: rescue
    action: core.echo
    input: {message: "rescued"}
  - name: last
    action: core.echo
    input: {message: "{{ vars.greeting }} {{ task.each.total_count }}"}
output_map:
  said: "{{ task.last.result.message }}"
  words: "{{ task.each.result }}"
  rescued: "{{ task.rescue.result.message }}"
"""
SLOW = """
ref: mine.slow
parameters:
  seconds: {type: number, default: 2}
tasks:
  - name: one
    action: mine.upper
    input: {word: one}
    on_success: nap
  - name: nap
    action: core.sleep
    input: {seconds: "{{ parameters.seconds }}"}
    retry: {count: 5}
    on_success: loop
  - name: loop
    action: mine.upper
    with_items: "{{ [1, 2, 3, 4, 5, 6] }}"
    concurrency: 1
    input: {word: "w{{ item }}"}
    retry: {count: 5}
output_map:
  words: "{{ task.loop.result }}"
"""
PACK = {
    "pack.yaml": "ref: mine\nlabel: Mine\nversion: 1.0.0\n",
    "workflows/flow.yaml": FLOW,
    "workflows/slow.yaml": SLOW,
    "actions/upper.yaml": "ref: mine.upper\nlabel: Upper\nruntime: python\nidempotent: true\n"
    "parameters:\n  word: {type: string, required: true}\n",
    "actions/upper.py": "from attune_sdk import ActionFailed, action\n\n\n@action\ndef upper(word):\n"
    "    print(f'upper {word}')\n    if word == 'bad':\n        raise ActionFailed('bad_word', 'no such word')\n"
    "    return word.upper()\n",
}


@pytest.fixture(scope="module")
def dev(module_folder: Path) -> Iterator[Dev]:
    write(module_folder / "mine", PACK)
    with running_dev(module_folder, "--pack", str(module_folder / "mine")) as dev:
        yield dev


def test_it_says_where_it_is_and_keeps_its_token_private(dev: Dev) -> None:
    announced = json.loads((dev.data / "dev.json").read_text())
    assert dev.process is not None
    assert announced["api_url"] in dev.process.text()
    for name in ("token", "worker-token", "dev.json"):
        assert stat.S_IMODE((dev.data / name).stat().st_mode) == 0o600
    assert (dev.data / "token").read_text().strip() not in dev.process.text()


def test_a_second_one_on_the_same_data_is_refused(dev: Dev) -> None:
    refused = dev.cli.run("dev", "--port", "0", "--data-dir", str(dev.data), expect=1)
    assert "already_running" in refused.stderr


def test_a_workflow_runs_from_the_command_line(dev: Dev) -> None:
    done = dev.cli.json("workflow", "run", "mine.flow", "--watch")
    assert done["status"] == "completed"
    assert done["result"] == {"said": "hello 3", "words": ["A", "B", "C"], "rescued": None}
    shown = dev.cli.json("execution", "show", str(done["id"]))
    assert {task["task_name"]: task["status"] for task in shown["tasks"]} == {
        "first": "completed", "each": "completed", "last": "completed",
    }  # fmt: skip
    items = dev.cli.json("execution", "list", "--action", "mine.upper")
    logs = dev.cli.run("execution", "logs", str(items[0]["id"]))
    assert "upper " in logs.stdout


def test_a_failure_takes_the_way_out_and_one_without_fails_the_command(dev: Dev) -> None:
    done = dev.cli.json("workflow", "run", "mine.flow", "-p", 'words:=["a", "bad"]', "--watch")
    assert done["result"]["rescued"] == "rescued"
    failed = dev.cli.run("execution", "start", "mine.upper", "-p", "word=bad", "--watch", expect=1)
    assert "bad_word" in failed.stdout
    lines = failed.stdout.splitlines()
    assert any("failed" in line for line in lines)


def test_the_live_lines_show_every_task(dev: Dev) -> None:
    shown = dev.cli.run("workflow", "run", "mine.flow", "--watch").stdout
    for part in ("first", "each", "3/3", "last", "mine.flow", "completed", "said: hello 3"):
        assert part in shown


def test_a_saved_file_is_registered_and_a_bad_one_is_told(dev: Dev) -> None:
    file = dev.folder / "mine/workflows/flow.yaml"
    good = file.read_text()
    assert dev.process is not None
    log = dev.process
    file.write_text(good.replace("on_success: each", "on_sucess: each"))
    until_sync(lambda: "on_sucess" in log.text() or "unknown_key" in log.text(), 20, "the problem is told")
    file.write_text(good.replace('message: "hello"', 'message: "goodbye"'))
    until_sync(lambda: _greeting(dev) == "goodbye 3", 30, "the new file is in use")
    file.write_text(good)
    until_sync(lambda: _greeting(dev) == "hello 3", 30, "the old file is in use")


def _greeting(dev: Dev) -> str:
    done = dev.cli.run("workflow", "run", "mine.flow", "--watch", "-o", "json", expect=None)
    return str(json.loads(done.stdout)["result"]["said"]) if done.returncode == 0 else ""


def test_every_reading_command_answers_in_every_form(dev: Dev) -> None:
    run = dev.cli.json("workflow", "run", "mine.flow", "--watch")
    number = str(run["id"])
    commands = [
        ("pack", "list"), ("pack", "show", "mine"), ("workflow", "list"), ("workflow", "show", "mine.flow"),
        ("workflow", "graph", "mine.flow"), ("execution", "list"), ("execution", "show", number),
        ("execution", "history", number), ("execution", "logs", number), ("rule", "list"), ("trigger", "list"),
        ("event", "list"),
    ]  # fmt: skip
    for command in commands:
        json.loads(dev.cli.run(*command, "-o", "json").stdout)
        assert dev.cli.run(*command, "-o", "yaml").stdout.strip()
        dev.cli.run(*command)
    assert dev.cli.run("pack", "list", "-o", "table").stdout.startswith("REF")


def test_the_datastore_keeps_what_it_is_given(dev: Dev) -> None:
    dev.cli.run("kv", "set", "my.key", '{"a": [1, 2]}')
    assert dev.cli.json("kv", "get", "my.key") == {"a": [1, 2]}
    dev.cli.run("kv", "set", "my.key", "plain text")
    assert dev.cli.run("kv", "get", "my.key").stdout.strip() == "plain text"
    dev.cli.run("kv", "delete", "my.key")
    assert "not_found" in dev.cli.run("kv", "get", "my.key", expect=4).stderr


def test_refusals_have_their_exit_codes(dev: Dev) -> None:
    assert dev.cli.run("workflow", "run", "mine.nothing", expect=4).stderr
    wrong = dev.cli.run("workflow", "run", "mine.flow", "-p", "words=text", expect=1)
    assert "words" in wrong.stderr
    bad = write(
        dev.folder / "bad",
        {"pack.yaml": "ref: bad\nversion: 1.0.0\n", "workflows/w.yaml": "ref: bad.w\ntasks:\n  - nam: x\n"},
    )
    refused = dev.cli.run("pack", "register", str(bad), expect=1)
    assert "workflows/w.yaml:3:" in refused.stderr


def test_cancelling_ends_a_workflow(dev: Dev) -> None:
    started = dev.cli.json("workflow", "run", "mine.slow", "-p", "seconds:=60")
    number = str(started["id"])
    until_sync(lambda: "nap" in dev.cli.run("execution", "show", number).stdout, 20, "it naps")
    dev.cli.run("execution", "cancel", number)
    ended = dev.cli.json("execution", "watch", number, expect=1)
    assert ended["status"] == "cancelled"


def test_kill_9_in_the_middle_of_a_workflow_and_start_again(dev: Dev) -> None:
    started = dev.cli.json("workflow", "run", "mine.slow")
    number = str(started["id"])
    until_sync(lambda: "nap" in dev.cli.run("execution", "show", number).stdout, 20, "it naps")
    assert dev.process is not None
    dev.process.kill()
    dev.start("--pack", str(dev.folder / "mine"))
    done = dev.cli.json("execution", "watch", number)
    assert done["status"] == "completed"
    assert done["result"] == {"words": ["W1", "W2", "W3", "W4", "W5", "W6"]}
    assert dev.process is not None
    assert dev.process.stop() == 0
    assert processes_with(str(dev.data)) == []
    assert not (dev.data / "dev.json").exists()
