"""From the live log to the open streams. Nothing is read while nobody listens, nothing is read twice for many."""

from __future__ import annotations

import asyncio
import contextlib

from attune_common.bus.bus import Bus, Consumer, Delivery
from attune_common.bus.topology import LIVE
from attune_common.runtime.metrics import counter, gauge
from attune_notifier.entries import Entry, Place, read
from attune_notifier.kinship import Kinship
from attune_notifier.subscriptions import Client, Subscriptions
from attune_notifier.wishes import Wish

_LOOK_SECONDS = 1.0
IDLE_SECONDS = 30.0
_TEACHING = frozenset({"execution.status", "workflow.started", "workflow.task.scheduled", "inquiry.created"})
_sent = counter("notifier_frames_total", "Events handed to streams", "type")
_cut = counter("notifier_cut_total", "Streams that were ended because their client did not keep up")
_streams = gauge("notifier_streams", "Open streams")


class Feed:
    """Reads the live log for all open streams at once. `place`: the last entry that was looked at."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.subscriptions = Subscriptions()
        self.kinship = Kinship()
        self.place: Place | None = None
        self.position: int | None = None
        self._consumer: Consumer | None = None
        self._joining = asyncio.Lock()
        self._watch: asyncio.Task[None] | None = None
        self._fresh: list[Client] = []

    async def start(self) -> None:
        """From here on what happens is kept, whether anybody listens or not."""
        await self.bus.declare(LIVE)
        self._watch = asyncio.create_task(self._rest_when_idle())

    async def stop(self) -> None:
        """End all streams, then stop listening."""
        for client in self.subscriptions.all():
            client.close()
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        await self._detach()

    @property
    def is_resting(self) -> bool:
        """Nobody listens, nothing is read."""
        return self._consumer is None

    async def join(self, wish: Wish) -> Client:
        """A client that gets everything from now on."""
        async with self._joining:
            if self._consumer is None:
                self.position = self.place = None
                self._consumer = await self.bus.consume(LIVE, self._take)
            client = self.subscriptions.add(wish)
        self.anew(client)
        return client

    def anew(self, client: Client) -> None:
        """What is live for the client begins with the next message."""
        if self.position is not None:
            client.live_from = self.position + 1
        else:
            self._fresh.append(client)

    def leave(self, client: Client) -> None:
        if client.closed:
            _cut.inc()
        self.subscriptions.remove(client)

    async def _take(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            self._count(delivery.position)
            if self._is_wanted(delivery.routing_key):
                for entry in read(delivery):
                    self._spread(entry)

    def _count(self, position: int) -> None:
        if self.position is not None and position <= self.position:
            for client in self.subscriptions.all():
                client.look_again()
        self.position = position
        for client in self._fresh:
            client.live_from = position
        self._fresh.clear()

    def _is_wanted(self, kind: str) -> bool:
        return kind in _TEACHING or any(client.wish.wants_kind(kind) for client in self.subscriptions.all())

    def _spread(self, entry: Entry) -> None:
        lineage = self.kinship.trace(entry.kind, entry.data)
        clients = self.subscriptions.interested(entry, lineage)
        for client in clients:
            client.put(entry)
        self.place = entry.place
        if clients:
            _sent.labels(entry.kind).inc(len(clients))

    async def _rest_when_idle(self) -> None:
        idle_since: float | None = None
        while True:
            _streams.set(len(self.subscriptions))
            await asyncio.sleep(_LOOK_SECONDS)
            now = asyncio.get_running_loop().time()
            idle_since = (idle_since or now) if not len(self.subscriptions) else None
            if idle_since is not None and now - idle_since >= IDLE_SECONDS:
                await self._detach(only_if_idle=True)

    async def _detach(self, *, only_if_idle: bool = False) -> None:
        async with self._joining:
            if self._consumer is None or (only_if_idle and len(self.subscriptions)):
                return
            consumer, self._consumer = self._consumer, None
            await consumer.stop()
