"""The two demonstrations: they end as they should, and leave nothing behind, however they end."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.running import Attune, Process, environment, processes_with
from tests.support import postgres
from tests.support.waiting import patient, until_sync

PROMISES = (
    "status=success",
    "status=rolled_back",
    "deployed_version=1.0.0",
    "✅ Deployed hello v1.0.0 to staging",
    "❌ Failed to deploy hello v2.0.0",
    "checked=60, answered=60",
    "Both releases ended as they should",
)


def _leftovers(folder: Path) -> list[str]:
    return [*map(str, folder.glob("attune-*")), *processes_with(str(folder))]


def test_the_demonstration_in_one_process(folder: Path) -> None:
    done = Attune(environment(TMPDIR=str(folder))).run("demo")
    for promise in PROMISES:
        assert promise in done.stdout
    assert _leftovers(folder) == []


def test_the_demonstration_with_the_services_apart(
    folder: Path, postgres_server: postgres.Server, amqp_url: str
) -> None:
    servers = {"ATTUNE_DATABASE_URL": postgres_server.admin, "ATTUNE_AMQP_URL": amqp_url}
    done = Attune(environment(TMPDIR=str(folder), **servers)).run("demo", "--services")
    for promise in PROMISES:
        assert promise in done.stdout
    assert _leftovers(folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demonstration_leaves_nothing_behind(folder: Path, number: int) -> None:
    demo = Process(("demo",), environment(TMPDIR=str(folder)), folder / "demo.log")
    demo.start()
    until_sync(lambda: "build_image" in demo.text() or demo.status is not None, 60, "the workflow runs")
    assert demo.status is None, demo.text()
    assert demo.process is not None
    demo.process.send_signal(number)
    assert demo.process.wait(patient(30)) == 130
    until_sync(lambda: _leftovers(folder) == [], 10, "everything is gone")


def test_a_killed_demonstration_takes_its_processes_along(folder: Path) -> None:
    demo = Process(("demo",), environment(TMPDIR=str(folder)), folder / "demo.log")
    demo.start()
    until_sync(lambda: "build_image" in demo.text() or demo.status is not None, 60, "the workflow runs")
    demo.kill()
    until_sync(lambda: processes_with(str(folder)) == [], 30, "its processes are gone")


@pytest.mark.parametrize(
    ("variable", "url", "code"),
    [
        ("ATTUNE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", "database_unreachable"),
        ("ATTUNE_AMQP_URL", "amqp://guest:secret@127.0.0.1:1/", "broker_unreachable"),
    ],
)
def test_a_demonstration_that_cannot_start_says_why(
    folder: Path, amqp_url: str, variable: str, url: str, code: str
) -> None:
    given = {"ATTUNE_AMQP_URL": amqp_url} | {variable: url}
    done = Attune(environment(TMPDIR=str(folder), **given)).run("demo", "--services", expect=3)
    assert "Traceback" not in done.stderr
    assert code in done.stderr
    assert f"correct {variable}" in done.stderr
    assert "secret" not in done.stderr
