"""Policies and logs by the command line: who waits says so, what is written is followed to the end."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Dev, running_dev, write
from tests.support.waiting import until_sync

PACK = {
    "pack.yaml": "ref: turns\n",
    "actions/work.yaml": "ref: turns.work\nlabel: Work\n",
    "actions/work.py": """
import os
import time
from attune_sdk import action

@action
def work(gate: str, name: str = "none"):
    print(name, "begins", flush=True)
    while not os.path.exists(gate):
        time.sleep(0.02)
    print(name, "ends", flush=True)
    return {"name": name}
""",
    "policies/one.yaml": "ref: turns.one\naction: turns.work\nconcurrency: {limit: 1}\n",
    "workflows/both.yaml": """
ref: turns.both
parameters: {gate: {type: string, required: true}}
tasks:
  - {name: a, action: turns.work, input: {gate: "{{ parameters.gate }}", name: ada}}
  - {name: b, action: turns.work, input: {gate: "{{ parameters.gate }}", name: bob}}
""",
}


@pytest.fixture(scope="module")
def dev(module_folder: Path) -> Iterator[Dev]:
    with running_dev(module_folder) as dev:
        dev.cli.run("pack", "register", str(write(module_folder / "turns", PACK)))
        yield dev


def _start(dev: Dev, gate: Path, action: str = "turns.work") -> int:
    return int(dev.cli.json("execution", "start", action, "-p", f"gate={gate}")["id"])


def _reaches(dev: Dev, execution: int, *statuses: str) -> Any:
    def look() -> Any:
        found = dev.cli.json("execution", "show", str(execution))
        return found if found["status"] in statuses else None

    return until_sync(look, 60, f"{statuses} of execution {execution}")


def test_one_waits_for_the_other_and_says_so(dev: Dev, module_folder: Path) -> None:
    gate = module_folder / "first"
    first, second = _start(dev, gate), _start(dev, gate)
    _reaches(dev, first, "running")
    waiting = _reaches(dev, second, "scheduling")["waits_for"]
    assert (waiting["policy"], waiting["limit"], waiting["position"]) == ("turns.one", "concurrency", 1)
    [line] = dev.cli.json("policy", "show", "turns.one")["lines"]
    assert (line["running"], line["waiting"], line["next"]) == (1, 1, second)
    changed = dev.cli.json("policy", "set", "turns.one", "concurrency.limit=2")
    assert changed["concurrency"]["limit"] == 2
    _reaches(dev, second, "running")
    dev.cli.run("policy", "set", "turns.one", "concurrency.limit=1")
    gate.touch()
    for execution in (first, second):
        _reaches(dev, execution, "completed")


def test_logs_of_a_workflow_are_followed_to_its_end(dev: Dev, module_folder: Path) -> None:
    gate = module_folder / "second"
    execution = _start(dev, gate, "turns.both")
    waiting = re.compile(r"waits for its turn by the policy turns.one: number 1 in line")
    until_sync(lambda: waiting.search(dev.cli.run("execution", "explain", str(execution)).stdout), 60, "the turn")
    gate.touch()
    followed = dev.cli.run("execution", "logs", str(execution), "-f").stdout.splitlines()
    assert sorted(followed) == ["a | ada begins", "a | ada ends", "b | bob begins", "b | bob ends"]
    assert followed.index("a | ada begins") < followed.index("a | ada ends")
    assert dev.cli.run("execution", "logs", str(execution)).stdout.splitlines() == followed
    last = dev.cli.run("execution", "logs", str(execution), "--tail", "1", "-f", "-o", "json").stdout
    assert json.loads(last)["line"] == followed[-1].partition(" | ")[2]


def test_policies_by_hand(dev: Dev, module_folder: Path) -> None:
    text = "ref: mine.slow\naction: core.echo\nrate_limit: {limit: 5, per: hour, on_limit: refuse}\n"
    file = module_folder / "slow.yaml"
    file.write_text(text)
    made = dev.cli.json("policy", "create", str(file))
    assert (made["ref"], made["rate_limit"]["limit"]) == ("mine.slow", 5)
    listed = dev.cli.json("policy", "list")
    assert [policy["ref"] for policy in listed] == ["mine.slow", "turns.one"]
    dev.cli.run("policy", "set", "mine.slow", "concurrency=3", expect=1)
    dev.cli.run("policy", "disable", "mine.slow")
    assert dev.cli.json("policy", "show", "mine.slow")["enabled"] is False
    dev.cli.run("policy", "delete", "mine.slow")
    dev.cli.run("policy", "show", "mine.slow", expect=4)
