"""One release on the host: its unpacked files and the process that serves them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from attune_cli.processes import end_with_parent

GRACE_SECONDS = 2.0


@dataclass
class Release:
    """`version` as asked for, `checksum` of the archive it came from, `root` its files."""

    version: str
    checksum: str
    root: Path
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def start(self, port: int) -> None:
        """Start `app.py` of the release with PORT in its environment; it outlives whoever asked for it."""
        if self.running:
            return
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "app.py",
            cwd=self.root,
            env={"PATH": os.environ.get("PATH", ""), "PORT": str(port)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )

    async def stop(self) -> None:
        """TERM, two seconds of grace, KILL. Returns when the process is gone."""
        process = self.process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), GRACE_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
