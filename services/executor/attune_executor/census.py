"""How much waits for an operator, as metrics: alarms look at what is, not at what happened once."""

from __future__ import annotations

import asyncio
import contextlib

from attune_common.bus import topology
from attune_common.bus.bus import BusUnavailable
from attune_common.runtime import metrics
from attune_common.store import census, dead_letters, incidents
from attune_executor.context import Context

_EVERY = 5.0
_LETTERS = metrics.gauge("dead_letters_new", "Dead letters that were neither replayed nor discarded")
_INCIDENTS = metrics.gauge("incidents_open", "Incidents that nobody has resolved")
_LIVE = metrics.gauge("executions_live", "Executions that have not ended (counted to 100,000 each)", "status")
_LAG = metrics.gauge("jobs_lag_seconds", "How long the oldest job waits for a worker")
_OUTBOX_AGE = metrics.gauge("outbox_age_seconds", "Age of the oldest message that no bus has confirmed")
_TIMERS_LATE = metrics.gauge("timers_late_seconds", "How long the oldest due timer is overdue")
_UNMATCHED = metrics.gauge("events_lag_seconds", "How long the oldest event waits for its rules")
_DEPTH = metrics.gauge("queue_depth", "Messages that are ready in a queue", "queue")
_CONSUMERS = metrics.gauge("queue_consumers", "Consumers of a queue", "queue")
_KINDS = ("execution.requested", "execution.accepted", "execution.completed", "execution.log", "run.requested",
          "event.created")  # fmt: skip


def _queue(kind: str) -> str:
    return topology.executor(kind).queue


class Census:
    """Every executor counts: each of them is asked for its metrics."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        """Until cancelled. Errors: those of the database."""
        while True:
            await self.count()
            await asyncio.sleep(_EVERY)

    async def count(self) -> None:
        await self._count_rows()
        with contextlib.suppress(BusUnavailable):
            for queue in self._queues():
                ready, consumers = await self._context.bus.depth(queue)
                _DEPTH.labels(queue).set(ready)
                _CONSUMERS.labels(queue).set(consumers)

    def _queues(self) -> list[str]:
        pools = {topology.DEFAULT_POOL, *self._context.pools}
        return [*(topology.worker(pool, 1).queue for pool in sorted(pools)), *map(_queue, _KINDS)]

    async def _count_rows(self) -> None:
        async with self._context.store.connection() as connection:
            for row in await census.live(connection):
                _LIVE.labels(row["status"]).set(row["count"])
            waits = await census.waits(connection)
            _LAG.set(waits["lag"])
            _OUTBOX_AGE.set(waits["outbox_age"])
            _TIMERS_LATE.set(waits["timers_late"])
            _UNMATCHED.set(waits["events_age"])
            _LETTERS.set(await dead_letters.new_count(connection))
            _INCIDENTS.set(await incidents.open_count(connection))
