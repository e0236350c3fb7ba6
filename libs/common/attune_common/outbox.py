"""The relay: what a transaction committed to the outbox goes to the bus, at once, and again until it is confirmed."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from attune_common.bus.bus import Bus, BusUnavailable
from attune_common.outbox_jobs import LeftJobs
from attune_common.runtime import lifecycle, logging, metrics
from attune_common.store import outbox
from attune_common.store.errors import is_transient
from attune_common.store.store import OnCommit, Store
from attune_common.store.unit import StoredWire, Unit

_PUBLISH_AT_ONCE = 500
_SWEEP_AT_ONCE = 200
_DELETE_AT_ONCE = 5_000
_BACKLOG = 5_000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_MOMENT = 0.05
_PUBLISHED = metrics.counter("outbox_published_total", "Messages that the bus has confirmed", "by")
_log = logging.get("attune.outbox")


class Relay:
    """One per process; after `start` it is the `on_commit` of the store and of the `others` of this process.

    A caller's messages are durable when its transaction has committed, so nobody waits for the broker, except
    when more than `_BACKLOG` messages wait in memory. What cannot be published is forgotten here and found again
    in the table, by this relay or by that of another process.
    """

    def __init__(self, store: Store, bus: Bus, *others: Store) -> None:
        self._store, self._bus = store, bus
        self._stores = (store, *others)
        self._waiting: deque[StoredWire] = deque()
        self._published: list[int] = []
        self._in_hand: set[int] = set()
        self._arrived, self._to_delete = asyncio.Event(), asyncio.Event()
        self._room, self._idle = asyncio.Event(), asyncio.Event()
        self._room.set()
        self._idle.set()
        self._left_jobs = LeftJobs(store, bus)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tell(self.publish_soon)
        loops = (self._publishing, self._deleting, self._sweeping)
        self._tasks = [asyncio.create_task(_forever(loop)) for loop in loops]

    async def stop(self, grace: float = 4.0) -> None:
        """Publish what is in memory within `grace` seconds; the rest stays in the table."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._idle.wait()
        self._tell(None)
        await lifecycle.cancel(self._tasks)
        self._tasks = []

    def _tell(self, told: OnCommit | None) -> None:
        for store in self._stores:
            store.on_commit = told

    async def publish_soon(self, wires: list[StoredWire]) -> None:
        """Hand over committed messages; waits only while too many wait already."""
        self._waiting.extend(wires)
        self._in_hand.update(wire.id for wire in wires)
        self._arrived.set()
        self._idle.clear()
        if len(self._waiting) > _BACKLOG:
            self._room.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._store.settings.publish_timeout):
                    await self._room.wait()

    async def _publishing(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            await self._arrived.wait()
            wires = [self._waiting.popleft() for _ in range(min(_PUBLISH_AT_ONCE, len(self._waiting)))]
            if not self._waiting:
                self._arrived.clear()
            if len(self._waiting) < _BACKLOG // 2:
                self._room.set()
            if not wires or await self._publish(wires):
                pause = _FIRST_PAUSE
                continue
            self._forget_all()
            await asyncio.sleep(random.uniform(pause / 2, pause))
            pause = min(_LONGEST_PAUSE, pause * 2)

    async def _publish(self, wires: list[StoredWire]) -> bool:
        ids = [wire.id for wire in wires]
        try:
            await self._bus.publish([wire.wire for wire in wires])
        except BusUnavailable as problem:
            _log.debug("the bus did not confirm", messages=len(wires), error=str(problem))
            self._let_go(ids)
            return False
        except BaseException:
            self._let_go(ids)
            raise
        _PUBLISHED.labels("commit").inc(len(wires))
        self._published.extend(ids)
        self._to_delete.set()
        return True

    def _let_go(self, ids: Iterable[int]) -> None:
        self._in_hand.difference_update(ids)
        if not self._in_hand:
            self._idle.set()

    def _forget_all(self) -> None:
        """The table has them; memory stays small however long the bus is away."""
        self._let_go(wire.id for wire in self._waiting)
        self._waiting.clear()
        self._arrived.clear()
        self._room.set()

    async def _deleting(self) -> None:
        """One deletion at a time, for all that was published during a moment. One that fails is done again: what is
        published and not deleted would be published twice."""
        while True:
            await self._to_delete.wait()
            await asyncio.sleep(_MOMENT)
            ids = self._published[:_DELETE_AT_ONCE]
            async with self._store.connection() as connection:
                await outbox.delete(connection, ids)
            del self._published[: len(ids)]
            if not self._published:
                self._to_delete.clear()
            self._let_go(ids)

    async def _sweeping(self) -> None:
        settings = self._store.settings
        while True:
            await asyncio.sleep(settings.sweep_seconds * random.uniform(0.7, 1.3))
            while await self._sweep() == _SWEEP_AT_ONCE:
                pass

    async def _sweep(self) -> int:
        """Publish what was left behind; how many that were. Two relays never take the same rows."""
        if not self._bus.healthy:
            self._left_jobs.forget()
            return 0
        try:
            async with self._store.unit() as unit:
                found = await self._sweep_in(unit)
            _PUBLISHED.labels("sweep").inc(await self._left_jobs.sweep(self._in_hand))
        except BusUnavailable:
            self._left_jobs.forget()
            raise
        except BaseException:
            self._left_jobs.distrust()
            raise
        return found

    async def _sweep_in(self, unit: Unit) -> int:
        age = self._store.settings.outbox_stale_seconds
        wires = await outbox.stale(unit, age, self._in_hand, _SWEEP_AT_ONCE)
        if wires:
            await self._bus.publish([wire.wire for wire in wires])
            _PUBLISHED.labels("sweep").inc(len(wires))
            await outbox.delete(unit, [wire.id for wire in wires])
        return len(wires)


async def _forever(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run `work` again after whatever ended it: a bus or a database that is away for a while is no reason to stop."""
    while True:
        try:
            await work()
        except asyncio.CancelledError:
            if lifecycle.being_cancelled():
                raise
        except BusUnavailable as problem:
            _log.debug("the bus is not available", error=str(problem))
        except Exception as problem:
            if is_transient(problem):
                _log.debug("the database is not available", error=f"{type(problem).__name__}: {problem}")
            else:
                _log.exception("the outbox relay stumbled")
        await asyncio.sleep(random.uniform(_FIRST_PAUSE, 1.0))
