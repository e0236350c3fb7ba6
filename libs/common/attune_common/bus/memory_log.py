"""A queue in memory that keeps its messages: readers begin where they like and take nothing away."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping

from attune_common.bus.batches import Batches
from attune_common.bus.bus import Handler, Subscription
from attune_common.contracts.envelope import Wire

MOST_ENTRIES = 50_000
MOST_BYTES = 32 * 1024 * 1024


class MemoryLog:
    """The youngest messages. Positions go on from the time of day, so that those of another process are not ours."""

    def __init__(self) -> None:
        self.readers: list[_Reader] = []
        self.first = self.following = time.time_ns() // 1_000
        self._wires: deque[Wire] = deque()
        self._bytes = 0

    def add(self, wire: Wire) -> None:
        self._wires.append(wire)
        self._bytes += len(wire.body)
        self.following += 1
        while len(self._wires) > MOST_ENTRIES or self._bytes > MOST_BYTES:
            self._bytes -= len(self._wires.popleft().body)
            self.first += 1
        for reader in tuple(self.readers):
            reader.go_on()

    def at(self, position: int) -> Wire:
        return self._wires[position - self.first]

    def read(self, subscription: Subscription, handler: Handler, after: int | None) -> _Reader:
        reader = _Reader(self, subscription, handler, self.following if after is None else after + 1)
        self.readers.append(reader)
        reader.go_on()
        return reader


class _Reader:
    """Implements `Consumer`."""

    attachments = 1

    def __init__(self, log: MemoryLog, subscription: Subscription, handler: Handler, start: int) -> None:
        self._log = log
        self._prefetch = subscription.prefetch
        self._in_hand = 0
        self._position = start
        self._batches = Batches(subscription, handler)

    def go_on(self) -> None:
        """Take what there is room for. A position that is not kept any more, or not yet known, is the next there is."""
        self._position = max(self._position, self._log.first)
        while self._in_hand < self._prefetch and self._position < self._log.following:
            self._in_hand += 1
            self._batches.put(_Entry(self, self._log.at(self._position), self._position))
            self._position += 1

    def settled(self) -> None:
        self._in_hand -= 1
        self.go_on()

    async def stop(self) -> None:
        if self in self._log.readers:
            self._log.readers.remove(self)
        self._prefetch = 0
        await self._batches.stop()


class _Entry:
    """Implements `inhand.Receipt`."""

    lost = False
    redelivered = False
    attempt = 1

    def __init__(self, reader: _Reader, wire: Wire, position: int) -> None:
        self._reader = reader
        self.routing_key = wire.routing_key
        self.body = wire.body
        self.headers: Mapping[str, str] = {}
        self.position = position

    async def ack(self) -> None:
        self._reader.settled()

    async def requeue(self) -> None:
        self._reader.settled()

    async def bury(self, reason: str) -> None:
        self._reader.settled()
