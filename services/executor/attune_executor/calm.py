"""Is silence a sign of death? Not while this process, the bus or the database was away, nor while reports wait.

After an outage the reports and heartbeats of workers that did well lie in the queues: to declare their work lost
before they are read would run it twice.
"""

from __future__ import annotations

import asyncio

from attune_common.bus import topology
from attune_common.runtime.clock import monotonic, wall
from attune_executor.context import Context

_REPORTS = ("execution.completed", "execution.accepted", "worker.heartbeat")
_BEATS = 2.4
_PULSE = 0.5
_LONG_PAUSE = 2.0


class Calm:
    """Time without disturbance. One heartbeat of every worker must fit in, and the time after which the broker takes
    the reports that another executor froze with and gives them to us."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._since = self._present = monotonic()

    def disturb(self) -> None:
        """This process, the bus or the database was away."""
        self._since = self._present = monotonic()

    def doubt(self) -> None:
        """Reports may be where nobody sees them."""
        self._since = monotonic()

    async def watch(self) -> None:
        """Until cancelled: notice that this process was frozen or its host asleep. Leases ran out meanwhile, and
        whoever renews them may have slept as well."""
        while True:
            before = monotonic(), wall()
            await asyncio.sleep(_PULSE)
            if max(monotonic() - before[0], wall() - before[1]) > _PULSE + _LONG_PAUSE:
                self.disturb()

    async def holds(self) -> bool:
        """Whether a worker that was not heard of is gone. Errors: BusUnavailable."""
        for kind in _REPORTS:
            ready, _ = await self._context.bus.depth(topology.executor(kind).queue)
            if ready:
                self._since = monotonic()
        return monotonic() - self._since >= self._context.settings.heartbeat_seconds * _BEATS

    def clock(self) -> float:
        """Seconds; only differences mean anything."""
        return monotonic()

    def present_for(self, seconds: float) -> bool:
        """Whether nothing was away for so long, however many reports wait: with a backlog that never ends,
        silence for a long time must do."""
        return monotonic() - self._present >= seconds
