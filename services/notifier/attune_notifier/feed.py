"""From the bus to the open streams: each message is made into a frame once, for all who want it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

from attune_common.bus.bus import Bus, Consumer, Delivery
from attune_common.bus.topology import watcher
from attune_common.contracts.base import Message
from attune_common.contracts.registry import TYPE_OF
from attune_common.runtime import json
from attune_common.runtime.metrics import counter, gauge
from attune_notifier.kinship import Kinship
from attune_notifier.subscriptions import Subscriptions

_LOOK = 1.0
_sent = counter("notifier_frames_total", "Events handed to streams", "type")
_streams = gauge("notifier_streams", "Open streams")


class Feed:
    """Consumes this notifier's own copy of what may be watched. `name` is unique among notifiers."""

    def __init__(self, bus: Bus, name: str) -> None:
        self.subscriptions = Subscriptions()
        self._bus = bus
        self._name = name
        self._kinship = Kinship()
        self._numbers = itertools.count(1)
        self._consumer: Consumer | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._consumer = await self._bus.consume(watcher(self._name), self._take)
        self._watch = asyncio.create_task(self._notice_gaps(self._consumer))

    async def stop(self) -> None:
        """End all streams, then stop listening."""
        for client in self.subscriptions.all():
            client.close()
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        if self._consumer is not None:
            await self._consumer.stop()
            self._consumer = None

    async def _take(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            for message in delivery.messages:
                self._spread(message)

    def _spread(self, message: Message) -> None:
        kind = TYPE_OF[type(message)]
        lineage = self._kinship.trace(message)
        clients = self.subscriptions.interested(kind, lineage)
        if not clients:
            return
        frame = _frame(next(self._numbers), kind, message)
        for client in clients:
            client.put(frame)
        _sent.labels(kind).inc(len(clients))

    async def _notice_gaps(self, consumer: Consumer) -> None:
        """While the broker was away messages passed that nobody will ever send again: have everyone look again."""
        known = consumer.attachments
        while True:
            _streams.set(len(self.subscriptions))
            await asyncio.sleep(_LOOK)
            if consumer.attachments > max(known, 1):
                for client in self.subscriptions.all():
                    client.resync()
            known = consumer.attachments


def _frame(number: int, kind: str, message: Message) -> bytes:
    data = json.dumps(message.model_dump())
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, kind.encode(), data)
