"""Jobs that were left in the outbox. They may have been published: a repeat of any other message does no harm, that of
a job runs an action a second time.

So they are looked at twice: in between, whatever a worker has said of them is taken in. What still waits then, while
the queue of its pool is empty, was never sent. In a queue that is not empty it may stand itself: it is left for a time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from attune_common.bus import topology
from attune_common.bus.bus import Bus
from attune_common.contracts.envelope import UndecodableMessage, Wire, pack, unpack
from attune_common.contracts.execution import ExecutionScheduled
from attune_common.runtime.clock import monotonic
from attune_common.store import outbox
from attune_common.store.connection import Row
from attune_common.store.store import Store

_AT_ONCE = 200
_BETWEEN = 0.6
_LONG = 300.0
_KEY = "execution.scheduled."


class LeftJobs:
    """Of one relay. `forget` after trouble: what was seen before it has not been seen in peace."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store, self._bus = store, bus
        self._seen: dict[int, float] = {}

    def forget(self) -> None:
        self._seen.clear()

    async def sweep(self, in_hand: Iterable[int]) -> int:
        """Publish those that still wait, forget the others; how many were published. Errors: BusUnavailable."""
        settings = self._store.settings
        async with self._store.connection() as connection:
            rows = await outbox.stale_jobs(connection, settings.outbox_stale_seconds, in_hand, _AT_ONCE)
        now = monotonic()
        due = [row for row in rows if now - self._seen.get(row["id"], now) >= settings.sweep_seconds * _BETWEEN]
        self._seen = {row["id"]: self._seen.get(row["id"], now) for row in rows}
        ids = await self._unsent(due)
        return await self._publish(ids) if ids else 0

    async def _unsent(self, due: list[Row]) -> list[int]:
        depths: dict[str, int] = {}
        for key in {row["routing_key"] for row in due}:
            queue = topology.worker(key.removeprefix(_KEY), 1).queue
            depths[key], _ = await self._bus.depth(queue)
        return [row["id"] for row in due if depths[row["routing_key"]] == 0 or row["age"] > _LONG]

    async def _publish(self, ids: list[int]) -> int:
        async with self._store.unit() as unit:
            jobs = [job for stored in await outbox.lock(unit, ids) for job in _jobs(stored.wire)]
            waiting = await outbox.wanted(unit, [(job.execution_id, job.token) for job, _ in jobs])
            left = [(job, pool) for job, pool in jobs if job.token in waiting]
            if left:
                await self._bus.publish(pack(left, self._store.source))
            await outbox.delete(unit, ids)
        return len(left)


def _jobs(wire: Wire) -> Iterator[tuple[ExecutionScheduled, str]]:
    """(job, pool). What cannot be read is nobody's: the execution is sent again as a job that was lost."""
    with contextlib.suppress(UndecodableMessage):
        for message in unpack(wire.body):
            if isinstance(message, ExecutionScheduled):
                yield message, wire.routing_key.removeprefix(_KEY)
