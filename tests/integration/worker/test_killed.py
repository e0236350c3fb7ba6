"""A worker that is killed leaves nothing of its actions behind: a lease gives their work to others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.waiting import until_sync

HOST = """
import asyncio, sys
from pathlib import Path
from attune_common.hosting.children import child

async def main():
    script = "(sleep 600; true) & setsid sh -c 'echo $$ > daemon; sleep 600; true' & echo $! > own; wait"
    running = await child.start(child.Command(["/bin/sh", "-c", script], Path(sys.argv[1])), lambda *_: None)
    await running.run(lambda: 0.0)

asyncio.run(main())
"""


def _started_in(folder: Path) -> list[int]:
    """Processes whose first home was the folder."""
    home = f"HOME={folder}".encode()
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if home in Path(f"/proc/{name}/environ").read_bytes().split(b"\0"):
                found.append(int(name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not os.path.exists("/proc/self"), reason="needs /proc")
def test_children_of_children_end_with_it(tmp_path: Path) -> None:
    host = subprocess.Popen([sys.executable, "-c", HOST, str(tmp_path)])
    try:
        until_sync(lambda: (tmp_path / "daemon").exists() and (tmp_path / "own").exists(), 30, "the action runs")
        assert len(_started_in(tmp_path)) >= 4
        host.send_signal(signal.SIGKILL)
        host.wait()
        until_sync(lambda: not _started_in(tmp_path), 20, "nothing is left")
    finally:
        host.kill()
        host.wait()
