"""A worker whose disk is full: it says so, what needs no disk goes on, and everything does when there is room again."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.workbench import Workbench, workbench

_MIB = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 MiB and 5,000 files."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=48m,nr_inodes=5000", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small disk")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
async def bench(small_disk: Path) -> AsyncIterator[Workbench]:
    async with workbench(small_disk / "data") as bench:
        yield bench


def _fill(place: Path) -> Path:
    """No byte and no file more: the folder to be removed."""
    filler = place / "filler"
    filler.mkdir()
    with contextlib.suppress(OSError), (filler / "bytes").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * _MIB)
    with contextlib.suppress(OSError):
        for number in itertools.count():
            (filler / str(number)).touch()
    return filler


async def test_a_full_disk_fails_what_needs_it_readably_until_there_is_room(bench: Workbench, small_disk: Path) -> None:
    digest = bench.pack({"actions/act.sh": "echo '\"done\"'"})
    filler = _fill(small_disk)
    refused = await bench.run(bench.job("shell", "act.sh", digest))
    assert refused.error is not None
    assert (refused.status, refused.error["type"]) == ("failed", "worker_disk_full")
    assert "bench" in refused.error["message"]
    assert (await bench.run(bench.job("native", "core.noop"))).status == "succeeded"
    report = await bench.worker.health.ready()
    assert not report.checks["disk"].ok
    shutil.rmtree(filler)
    assert (await bench.run(bench.job("shell", "act.sh", digest))).result == "done"
    assert (await bench.worker.health.ready()).ok


async def test_an_action_that_fills_the_disk_harms_only_itself(bench: Workbench) -> None:
    greedy = await bench.shell("head -c 200000000 /dev/zero > big")
    assert greedy.status == "failed"
    assert (await bench.shell("echo '\"done\"'")).result == "done"
