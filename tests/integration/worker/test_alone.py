"""A worker as a process of its own, on the loop of services: what it leaves behind, strangers among its children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.waiting import until_sync

from attune_common.hosting.children import guardian, proc

ROOT = Path(__file__).parents[3]

WORKER = """
import asyncio, sys
from pathlib import Path
import uvloop
from tests.support.workbench import workbench
from attune_common.hosting.children import orphans

async def main():
    orphans.claim_all()
    async with workbench(Path(sys.argv[1]), heartbeat_seconds=0.1) as bench:
        source = Path(sys.argv[2]).read_text()
        jobs = [bench.job("python", "act.py", bench.pack({"actions/act.py": source})) for _ in range(int(sys.argv[3]))]
        await bench.submit(*jobs)
        for job in jobs:
            await bench.completion(job, 60)
        print("ended", flush=True)
        await asyncio.sleep(600)

with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(main())
"""

HIDDEN_DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        code = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
        os.execve(sys.executable, [sys.executable, "-S", "-c", code, FILE], {})
    os._exit(0)
os.wait()
while not os.path.exists(FILE) or not open(FILE).read():
    time.sleep(0.01)
"""

SHORT_LIVED_DAEMONS = """
import os
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        os.fork()
        os._exit(0)
"""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    running: list[subprocess.Popen[str]] = []
    yield running
    for process in running:
        process.kill()
        process.wait()


def start(running: list[subprocess.Popen[str]], tmp_path: Path, source: str, jobs: int = 1) -> subprocess.Popen[str]:
    (tmp_path / "source.py").write_text(source)
    arguments = [sys.executable, "-c", WORKER, str(tmp_path / "data"), str(tmp_path / "source.py"), str(jobs)]
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    running.append(process)
    return process


def test_an_action_does_not_outlive_a_killed_worker(started: list[subprocess.Popen[str]], tmp_path: Path) -> None:
    file = tmp_path / "pid"
    process = start(
        started, tmp_path, f"import os, time\nopen({str(file)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    )
    pid = int(until_sync(lambda: file.exists() and file.read_text(), 20))
    assert _alive(pid)
    process.send_signal(signal.SIGKILL)
    until_sync(lambda: not _alive(pid), 10)


def test_a_daemon_that_hides_whose_it_was_is_ended_too(started: list[subprocess.Popen[str]], tmp_path: Path) -> None:
    file = tmp_path / "pid"
    process = start(started, tmp_path, HIDDEN_DAEMON.replace("FILE", repr(str(file))))
    assert process.stdout is not None
    pid = int(until_sync(lambda: file.exists() and file.read_text(), 20))
    until_sync(lambda: not _alive(pid), 10)


def test_no_zombies_are_left(started: list[subprocess.Popen[str]], tmp_path: Path) -> None:
    process = start(started, tmp_path, SHORT_LIVED_DAEMONS, jobs=5)
    assert process.stdout is not None
    while "ended" not in process.stdout.readline():
        assert process.poll() is None
    until_sync(lambda: not _children(process.pid), 10)


def _alive(pid: int) -> bool:
    process = proc.read(pid)
    return process is not None and process.state not in "ZX"


def _children(pid: int) -> list[proc.Process]:
    """But for the guardian, which stays as long as the worker."""
    own = [process for process in proc.processes().values() if process.parent == pid and process.pid != os.getpid()]
    return [process for process in own if not _is_guardian(process.pid)]


def _is_guardian(pid: int) -> bool:
    try:
        return guardian.__name__.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
