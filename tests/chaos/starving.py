"""Processes that the machine itself kept from running: to everybody else they look frozen, and are treated so.

A run on a machine that is busy with other things would otherwise blame the platform for what is nobody's fault.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.faults import Fault
from tests.chaos.processes import Supervised

KIND = "host.starved"
_EVERY, _LATE = 1.0, 3.0
_SHARE = 0.4
_NANOSECONDS = 1e9


@dataclass
class Starving:
    """`found`: when a process that wanted to run waited for a processor nearly half of the time, or all stood still."""

    processes: Mapping[str, Supervised]
    found: list[Fault] = field(default_factory=list)
    _waited: dict[int, float] = field(default_factory=dict)

    async def watch(self) -> None:
        """Until cancelled."""
        before = time.time()
        while True:
            await asyncio.sleep(_EVERY)
            now = time.time()
            for name, process in self.processes.items():
                life = process.life
                if life is not None and self._share(life.pid, now - before) > _SHARE:
                    self._note(name, before, now)
            before = now

    @property
    def seconds(self) -> float:
        """Of all processes together."""
        return round(sum((fault.until or fault.at) - fault.at for fault in self.found), 1)

    def _share(self, pid: int, seconds: float) -> float:
        """Of the last seconds, how much it waited for a processor. All of it when we were late ourselves."""
        waited = 0.0
        with contextlib.suppress(OSError, IndexError, ValueError):
            waited = int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / _NANOSECONDS
        share = (waited - self._waited.get(pid, waited)) / seconds
        self._waited[pid] = waited
        return 1.0 if seconds > _LATE else share

    def _note(self, name: str, at: float, until: float) -> None:
        last = next((fault for fault in reversed(self.found) if fault.targets == (name,)), None)
        if last is not None and last.until == at:
            last.until = until
        else:
            self.found.append(Fault(KIND, (name,), at, until))
