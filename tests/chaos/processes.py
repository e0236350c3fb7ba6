"""A process under supervision: it is started again whenever it ends, and every one of its lives is remembered."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from attune_cli.processes import end_with_parent
from tests.support.waiting import is_over

_RESTART_PAUSE = 0.2
_LONGEST_STOP = 45.0


@dataclass(slots=True)
class Life:
    """From a start to its end, in Unix time. `signal`: how we asked it to end, 0 when we did not."""

    pid: int
    began: float
    ended: float | None = None
    status: int | None = None
    signal: int = 0


@dataclass
class Supervised:
    """`attune <arguments>` with an environment of its own; what it writes goes to `log`."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    lives: list[Life] = field(default_factory=list)
    hung_stops: int = 0
    _task: asyncio.Task[None] | None = None
    _stopping: bool = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"supervisor of {self.name}")

    @property
    def life(self) -> Life | None:
        """The present one."""
        return self.lives[-1] if self.lives and self.lives[-1].ended is None else None

    def send(self, number: signal.Signals) -> bool:
        """Send a signal to the present life; whether there was one."""
        life = self.life
        if life is None:
            return False
        if number in (signal.SIGKILL, signal.SIGTERM):
            life.signal = number
        with contextlib.suppress(ProcessLookupError):
            os.kill(life.pid, number)
        return True

    async def until_ended(self, life: Life, within: float) -> bool:
        return await _until(lambda: life.ended is not None, within)

    async def until_restarted(self, life: Life, within: float = 60.0) -> bool:
        """Whether another life has begun after `life`."""
        return await _until(lambda: self.lives[-1] is not life, within)

    async def stop(self) -> None:
        """As an operator would; by force when that takes too long."""
        self._stopping = True
        life = self.life
        self.send(signal.SIGTERM)
        if life is not None and not await self.until_ended(life, _LONGEST_STOP):
            self.hung_stops += 1
            self.send(signal.SIGKILL)
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._stopping:
            process = await self._spawn()
            life = Life(process.pid, time.time())
            self.lives.append(life)
            life.status = await process.wait()
            life.ended = time.time()
            await asyncio.sleep(_RESTART_PAUSE)

    async def _spawn(self) -> asyncio.subprocess.Process:
        with self.log.open("ab") as stream:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "attune_cli", *self.arguments,
                env=dict(self.environment), stdin=asyncio.subprocess.DEVNULL, stdout=stream, stderr=stream,
                preexec_fn=end_with_parent,
            )  # fmt: skip


async def _until(holds: Callable[[], bool], within: float) -> bool:
    began = time.monotonic()
    while not holds():
        if is_over(began, within):
            return False
        await asyncio.sleep(0.05)
    return True
