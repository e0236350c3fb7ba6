"""Trouble is told once, and so is its end: one log line per change, however long it lasts."""

from __future__ import annotations

import asyncio

from attune_common.runtime import lifecycle, logging
from attune_common.runtime.clock import monotonic
from attune_common.runtime.health import Health

_EVERY = 1.0
_START = 5.0
"""Connections prove themselves by a first round trip: until then nothing is wrong with a process that begins."""

_log = logging.get("attune.health")


class HealthWatch:
    """Asks as whoever balances load does, so that the log and /health/ready tell the same."""

    def __init__(self, health: Health, every: float = _EVERY, start: float = _START) -> None:
        self._health, self._every = health, every
        self._starts_until = monotonic() + start
        self._told: frozenset[str] = frozenset()
        self._since = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="health watch")

    async def stop(self) -> None:
        if self._task is not None:
            await lifecycle.cancel([self._task])

    async def look(self) -> None:
        """Tell what has changed since the last time: of each check once that it fails, until all is well again."""
        report = await self._health.ready()
        reasons = {name: found.detail for name, found in report.checks.items() if not found.ok}
        failing, before = frozenset(reasons), self._told
        if not failing:
            self._starts_until = 0.0
        elif monotonic() < self._starts_until:
            return
        if failing - before:
            self._since = self._since if before else monotonic()
            self._told = before | failing
            _log.warning("not ready", **{name: detail or "fails" for name, detail in reasons.items()})
        elif before and not failing:
            self._told = frozenset()
            _log.info("ready again", was_away=sorted(before), seconds=round(monotonic() - self._since, 1))

    async def _run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(self._every)
