"""Jobs that were left in the outbox. They may have been published: a repeat of any other message does no harm, that of
a job runs an action a second time.

So they are looked at twice: in between, whatever a worker has said of them is taken in. What still waits then, while
the queue of its pool is empty, was never sent. In a queue that is not empty it may stand itself: it is left for a time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from datetime import datetime

from attune_common.bus import topology
from attune_common.bus.bus import Bus
from attune_common.contracts.envelope import UndecodableMessage, Wire, pack, unpack
from attune_common.contracts.execution import ExecutionScheduled
from attune_common.runtime.clock import monotonic
from attune_common.store import outbox
from attune_common.store.connection import Row
from attune_common.store.store import Store

_LOOK_AT = 5_000
_AT_ONCE = 200
_BETWEEN, _AFTER_TROUBLE, _TROUBLE, _REPORTS_LATE = 0.6, 5.0, 10.0, 10.0
"""In sweeps: between two looks, the same for a time after trouble, that time, and until reports matter no more."""
_LONG = 300.0
_KEY = "execution.scheduled."
_REPORTS = ("execution.completed", "execution.accepted")


class LeftJobs:
    """Of one relay."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store, self._bus = store, bus
        self._seen: dict[int, float] = {}
        self._database_back = monotonic()
        self._server_start: datetime | None = None

    def forget(self) -> None:
        """The bus was away: what was seen before has not been seen in peace."""
        self._seen.clear()

    def distrust(self) -> None:
        """The database was away: for a time, what workers have said of jobs is only being taken in."""
        self._seen.clear()
        self._database_back = monotonic()

    def _notice_start(self, row: Row, now: float) -> None:
        """PostgreSQL was away although no sweep of ours has met with it: others may have tried to tell it of jobs."""
        if row["server_start"] != self._server_start:
            self._seen.clear()
            self._server_start = row["server_start"]
            self._database_back = max(self._database_back, now - row["server_age"])

    async def sweep(self, in_hand: Iterable[int]) -> int:
        """Publish those that still wait, forget the others; how many were published. Errors: BusUnavailable."""
        age = self._store.settings.outbox_stale_seconds
        async with self._store.connection() as connection:
            rows = await outbox.stale_jobs(connection, age, in_hand, _LOOK_AT)
        now = monotonic()
        if rows:
            self._notice_start(rows[0], now)
        self._seen = {row["id"]: self._seen.get(row["id"], now) for row in rows}
        between = _AFTER_TROUBLE if now - self._database_back < _TROUBLE * self._sweep else _BETWEEN
        ids = await self._unsent(self._seen_for(between, rows))
        parts = [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
        return sum([await self._publish(part) for part in parts])

    @property
    def _sweep(self) -> float:
        return self._store.settings.sweep_seconds

    def _seen_for(self, sweeps: float, rows: list[Row]) -> list[Row]:
        before = monotonic() - sweeps * self._sweep
        return [row for row in rows if self._seen[row["id"]] <= before]

    async def _unsent(self, due: list[Row]) -> list[int]:
        """While reports wait, only what has been seen for long: a report may tell of any of them."""
        if due and await self._reports_wait():
            due = self._seen_for(_REPORTS_LATE, due)
        depths: dict[str, int] = {}
        for key in {row["routing_key"] for row in due}:
            queue = topology.worker(key.removeprefix(_KEY), 1).queue
            depths[key], _ = await self._bus.depth(queue)
        return [row["id"] for row in due if depths[row["routing_key"]] == 0 or row["age"] > _LONG]

    async def _reports_wait(self) -> bool:
        ready = [await self._bus.depth(topology.executor(kind).queue) for kind in _REPORTS]
        return any(messages for messages, _ in ready)

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
