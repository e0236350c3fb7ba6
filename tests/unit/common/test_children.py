"""Whose child it is: what is being started looks like nobody's, and its exit status belongs to who waits for it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.waiting import until_sync

from attune_common.hosting.children import child, orphans, proc
from attune_common.hosting.children.child import Command

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


@pytest.fixture
def zombie() -> Iterator[subprocess.Popen[bytes]]:
    """A child that has ended with status 7 and that nobody has waited for."""
    process = subprocess.Popen(["/bin/sh", "-c", "exit 7"], start_new_session=True)
    until_sync(lambda: (found := proc.read(process.pid)) is not None and found.state == "Z", 10, "it has ended")
    yield process
    process.wait(timeout=10)


def test_a_child_that_ends_while_it_is_started_keeps_its_status(zombie: subprocess.Popen[bytes]) -> None:
    with orphans.starting():
        for _ in range(3):
            orphans.sweep()
        assert zombie.wait(timeout=10) == 7


def test_an_orphan_that_nobody_waits_for_is_reaped(zombie: subprocess.Popen[bytes]) -> None:
    for _ in range(2):
        orphans.sweep()
    assert proc.read(zombie.pid) is None


@pytest.fixture
def subreaper(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process as a worker that has just started."""
    watched = orphans._Watched()
    monkeypatch.setattr(orphans, "_watched", watched)
    watched.subreaper = True
    watched.known.update(proc.children() or ())


def _sleeper(**variables: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["/bin/sleep", "60"], env=variables, start_new_session=True)


@pytest.mark.usefixtures("subreaper")
def test_who_may_have_been_left_behind_is_looked_for() -> None:
    assert orphans.none_left()
    stranger = _sleeper()
    try:
        assert not orphans.none_left()
    finally:
        stranger.kill()
        stranger.wait(timeout=10)
    assert orphans.none_left()


@pytest.mark.usefixtures("subreaper")
def test_a_child_that_is_being_started_was_not_left_behind() -> None:
    with orphans.starting(b"MARK=of-another"):
        assert not _is_clear(MARK="of-nobody")
        assert _is_clear(MARK="of-another")
    assert not _is_clear(MARK="of-another")


def _is_clear(**variables: str) -> bool:
    started = _sleeper(**variables)
    try:
        return orphans.none_left()
    finally:
        started.kill()
        started.wait(timeout=10)


def test_a_child_from_before_the_worker_is_no_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "_watched", orphans._Watched())
    monkeypatch.setattr(orphans, "become_subreaper", lambda: None)
    database = _sleeper()
    try:
        orphans.adopt()
        assert orphans.none_left()
    finally:
        database.kill()
        database.wait(timeout=10)


async def test_a_process_whose_end_the_loop_missed_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "_LOOK_SECONDS", 0.05)
    running = await child.start(Command(["/bin/sleep", "60"], tmp_path), lambda stream, chunk: None)
    ending = asyncio.create_task(running.run(lambda: 0.0))
    monkeypatch.setattr(running._watcher, "process_exited", lambda: None)
    os.kill(running.pid, 9)
    async with asyncio.timeout(10):
        assert await ending == -9
