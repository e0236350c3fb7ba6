"""What the README and the tutorial tell a newcomer to type is typed here."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import open_folder
from tests.e2e.readme import ROOT, blocks, commands, files
from tests.e2e.running import Dev, environment, running_dev, write
from tests.support import postgres
from tests.support.servers import free_ports
from tests.support.waiting import patient, until_sync

README, TUTORIAL = ROOT / "README.md", ROOT / "docs/tutorial.md"
TEN_LINES = "A workflow in ten lines"
SERVICES = "With PostgreSQL and RabbitMQ"
BIN = str(Path(sys.executable).parent)
SHELL_SECONDS = patient(60)


def _shell(line: str, folder: Path, env: dict[str, str], expect: int | None = 0) -> str:
    env = env | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", line], cwd=folder, env=env, capture_output=True, text=True, timeout=SHELL_SECONDS
    )
    assert expect is None or done.returncode == expect, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def dev(module_folder: Path) -> Iterator[Dev]:
    """The place where the README's files are, with the `attune dev` that it tells to start."""
    write(module_folder, files(README) | files(TUTORIAL))
    lines = commands(README, TEN_LINES)
    (start,) = (line for line in lines if line.startswith("attune dev"))
    (tutorial,) = (line for line in _tutorial() if line.startswith("attune dev"))
    packs = [word for line in (start, tutorial) for word in shlex.split(line)[2:]]
    with running_dev(module_folder, *_below(module_folder, packs)) as dev:
        yield dev


def _below(folder: Path, words: list[str]) -> list[str]:
    return [word if word.startswith("--") else str(folder / word) for word in words]


def _tutorial() -> list[str]:
    lines = [line for block in blocks(TUTORIAL) if block.language == "sh" for line in block.text.splitlines()]
    return [line for line in lines if line.strip()]


def test_the_workflow_has_ten_lines() -> None:
    text = files(README)["hello/workflows/greet.yaml"]
    assert len(text.splitlines()) <= 11, "ten lines and the file's name"


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    lines = commands(README, "Two commands")
    assert lines == ["make setup", "make demo"]
    for line in [*lines, "make demo-services"]:
        done = subprocess.run(["make", "--dry-run", *line.split()[1:]], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_commands_of_the_first_workflow(dev: Dev) -> None:
    outputs = {}
    for line in commands(README, TEN_LINES):
        if not line.startswith((".", "attune dev")):
            outputs[line.split()[2]] = _shell(line, dev.folder, dict(dev.cli.env))
    assert "nothing wrong" in outputs["check"]
    assert "greeted: 2" in outputs["run"]
    assert "hello.greet" in outputs["list"]


def test_the_commands_of_the_tutorial(dev: Dev) -> None:
    said: dict[str, str] = {}
    for line in _tutorial():
        if line.startswith("attune dev"):
            continue
        fails = "word=12" in line
        said[line] = _shell(line, dev.folder, dict(dev.cli.env), expect=1 if fails else 0)
    texts = "\n".join(said.values())
    for part in ("said: Hello Ada!", "not_a_word", "weight:", "greetings.arrived"):
        assert part in texts
    weighed = [text for line, text in said.items() if "weigh_all" in line]
    assert "succeeded: 2" in weighed[0]
    assert "failed: 1" in weighed[0]
    assert "complain" in weighed[1]


def test_what_the_tutorial_says_of_mistakes_is_so(dev: Dev) -> None:
    file = dev.folder / "greetings/workflows/hello.yaml"
    good = file.read_text()
    env = dict(dev.cli.env)
    try:
        file.write_text(good.replace("on_success", "on_sucess"))
        assert "on_success" in _shell("attune pack check greetings", dev.folder, env, expect=1)
        file.write_text(good.replace("vars.sentence", "vars.sentense"))
        assert "sentense" in _shell("attune pack check greetings", dev.folder, env, expect=1)
    finally:
        file.write_text(good)


def test_a_rule_starts_what_an_event_is_about(dev: Dev) -> None:
    def greeted() -> bool:
        found = dev.cli.json("execution", "list", "--action", "greetings.hello")
        return any(_result(dev, each).get("said") == "Hello Grace!" for each in found)

    dev.cli.run("event", "emit", "greetings.arrived", "-p", "name=Grace")
    until_sync(greeted, 30, "the rule has greeted Grace")


def _result(dev: Dev, execution: dict[str, Any]) -> dict[str, Any]:
    return dev.cli.json("execution", "show", str(execution["id"])).get("result") or {}


def test_the_services_start_as_the_readme_says(postgres_server: postgres.Server, amqp_url: str) -> None:
    """All lines of the section in one shell, with the servers of this test instead of those of the page."""
    script = commands(README, SERVICES)
    assert any(line.startswith("attune db migrate") for line in script)
    with open_folder() as folder, postgres_server.vacant() as database:
        write(folder, files(README))
        given = {
            "ATTUNE_DATABASE_URL": database,
            "ATTUNE_AMQP_URL": amqp_url,
            "ATTUNE_API_PORT": str(free_ports(1)[0]),
            "ATTUNE_NOTIFIER_PORT": str(free_ports(1)[0]),
            "ATTUNE_DATA_DIR": str(folder / "data"),
        }
        given["ATTUNE_API_URL"] = f"http://127.0.0.1:{given['ATTUNE_API_PORT']}"
        kept = [line for line in script if not line.startswith((".", "export ATTUNE_DATABASE", "export ATTUNE_AMQP"))]
        place = kept.index("attune notifier &") + 1
        wait = "until attune pack show core >/dev/null 2>&1; do sleep 0.3; done"
        token = "export ATTUNE_API_TOKEN=$ATTUNE_BOOTSTRAP_ADMIN_TOKEN"
        lines = ["set -e", *kept[:place], f"({token}; {wait})", *kept[place:]]
        _check_script("\n".join(lines), folder, environment(**given))


def _check_script(script: str, folder: Path, env: dict[str, str]) -> None:
    env = env | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    log = folder / "script.log"
    with log.open("wb") as stream:
        shell = subprocess.Popen(
            ["sh", "-c", f"{script}\n"], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=stream,
            stderr=stream, start_new_session=True,
        )  # fmt: skip
    try:
        assert shell.wait(SHELL_SECONDS) == 0, log.read_text()[-4000:]
        assert "greeted: 1" in log.read_text()
    finally:
        os.killpg(shell.pid, signal.SIGTERM)
        until_sync(lambda: not _alive(shell.pid), 40, "the services have ended")


def _alive(group: int) -> list[str]:
    """The processes of a process group that have not ended."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, own, *_ = entry.read_text().rpartition(")")[2].split()
            if int(own) == group and state != "Z":
                found.append(entry.parent.name)
    return found
