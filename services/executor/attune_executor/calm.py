"""Is silence a sign of death? Not while this process, the bus or the database was away, nor while reports wait.

After an outage the reports and heartbeats of workers that did well lie in the queues: to declare their work lost
before they are read would run it twice. But a queue that is never empty is no reason to wait for ever: what counts is
that what lay there at some moment has been read since.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

from attune_common.bus import topology
from attune_common.bus.bus import Delivery, Handler, Subscription
from attune_common.runtime.clock import monotonic, wall
from attune_executor.context import Context

_REPORTS = tuple(topology.executor(kind) for kind in ("execution.completed", "execution.accepted", "worker.heartbeat"))
_BEATS = 2.4
_PULSE = 0.5
_LONG_PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class _Mark:
    """When we have handled `until` deliveries of a queue, all that lay in it `at` that time has been taken."""

    at: float
    until: int


@dataclass(slots=True, eq=False)
class _Taken:
    """A batch in hand."""

    count: int
    done: bool = False


class Calm:
    """Time without disturbance. One heartbeat of every worker must fit in, and the time after which the broker takes
    the reports that another executor froze with and gives them to us."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._since = self._present = monotonic()
        self._handled: Counter[str] = Counter()
        self._marks: dict[str, _Mark] = {}
        self._read = dict.fromkeys((each.queue for each in _REPORTS), self._since)

    def counting(self, subscriptions: Iterable[tuple[Subscription, Handler]]) -> list[tuple[Subscription, Handler]]:
        """The same, with what is handled of reports counted."""
        return [
            (each, self._counted(each.queue, handler) if each.queue in self._read else handler)
            for each, handler in subscriptions
        ]

    def _counted(self, queue: str, handler: Handler) -> Handler:
        """In the order in which they were taken: batches may overlap, and a later one may be done first."""
        line: deque[_Taken] = deque()

        async def handle(deliveries: list[Delivery]) -> None:
            taken = _Taken(len(deliveries))
            line.append(taken)
            try:
                await handler(deliveries)
                taken.done = True
            finally:
                if not taken.done:
                    line.remove(taken)
                while line and line[0].done:
                    self._handled[queue] += line.popleft().count

        return handle

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
        """Whether a worker that was not heard of for long is gone. Errors: BusUnavailable."""
        behind = await self.behind()
        return behind is not None and behind <= self._patience

    async def behind(self) -> float | None:
        """How many seconds ago reports were sent that may not have been read yet: who was silent before is gone.
        None: that cannot be told. Errors: BusUnavailable."""
        for subscription in _REPORTS:
            await self._look(subscription)
        now = monotonic()
        return max(0.0, now - min(self._read.values())) if now - self._since >= self._patience else None

    @property
    def _patience(self) -> float:
        return self._context.settings.heartbeat_seconds * _BEATS

    async def _look(self, subscription: Subscription) -> None:
        """A queue gives in order: who takes so many more than lie in it and in hand has seen all of them go."""
        queue, before = subscription.queue, monotonic()
        ready, _ = await self._context.bus.depth(queue)
        mark = self._marks.get(queue)
        if not ready:
            self._read[queue] = before
        elif mark is not None and self._handled[queue] >= mark.until:
            self._read[queue] = max(self._read[queue], mark.at)
        elif mark is not None:
            return
        self._marks[queue] = _Mark(before, self._handled[queue] + ready + subscription.prefetch)

    def clock(self) -> float:
        """Seconds; only differences mean anything."""
        return monotonic()

    def present_for(self, seconds: float) -> bool:
        """Whether nothing was away for so long, however many reports wait: with a backlog that never ends,
        silence for a long time must do."""
        return monotonic() - self._present >= seconds
