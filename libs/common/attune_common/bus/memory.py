"""The bus inside one process: what RabbitMQ does for Attune, as far as the conformance suite tells."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from attune_common.bus import metrics
from attune_common.bus.batches import Batches
from attune_common.bus.bus import Consumer, Handler, Subscription
from attune_common.bus.memory_log import MemoryLog
from attune_common.bus.patterns import matches
from attune_common.bus.topology import DEAD_LETTERS, DELIVERY_LIMIT, QUEUE_HEADER, REASON_HEADER
from attune_common.contracts.envelope import Wire
from attune_common.contracts.registry import TO_A_QUEUE, Exchange


@dataclass(order=True, slots=True)
class _Entry:
    """A message in a queue. `place` keeps the order when it comes back."""

    place: int
    wire: Wire = field(compare=False)
    headers: Mapping[str, str] = field(compare=False, default_factory=dict)
    returns: int = field(compare=False, default=0)


class _Burial(Protocol):
    def __call__(self, queue: _Queue, entry: _Entry, reason: str) -> None: ...


class _Queue:
    """Messages ready, in order, and the consumers that take turns."""

    def __init__(self, name: str, durable: bool, bury: _Burial) -> None:
        self.name = name
        self.durable = durable
        self.ready: list[_Entry] = []
        self.consumers: list[_MemoryConsumer] = []
        self._bury = bury
        self._places = itertools.count()

    def add(self, wire: Wire, headers: Mapping[str, str]) -> None:
        heapq.heappush(self.ready, _Entry(next(self._places), wire, headers))
        self.dispatch()

    def dispatch(self) -> None:
        while self.ready:
            taker = next((one for one in self.consumers if one.has_room), None)
            if taker is None:
                return
            self.consumers.remove(taker)
            self.consumers.append(taker)
            taker.take(heapq.heappop(self.ready))

    def give_back(self, entry: _Entry) -> None:
        entry.returns += 1
        if entry.returns > DELIVERY_LIMIT and self.name != DEAD_LETTERS.queue:
            self._bury(self, entry, f"delivered more than {DELIVERY_LIMIT} times")
        else:
            heapq.heappush(self.ready, entry)
        self.dispatch()

    def bury(self, entry: _Entry, reason: str) -> None:
        self._bury(self, entry, reason)
        self.dispatch()


class _MemoryReceipt:
    """Implements `inhand.Receipt`."""

    lost = False

    def __init__(self, consumer: _MemoryConsumer, entry: _Entry) -> None:
        self._consumer = consumer
        self._entry = entry
        self.routing_key = entry.wire.routing_key
        self.redelivered = entry.returns > 0
        self.attempt = entry.returns + 1
        self.body = entry.wire.body
        self.headers = entry.headers
        self.position = 0

    async def ack(self) -> None:
        self._consumer.settled()
        self._consumer.queue.dispatch()

    async def requeue(self) -> None:
        self._consumer.settled()
        self._consumer.queue.give_back(self._entry)

    async def bury(self, reason: str) -> None:
        self._consumer.settled()
        self._consumer.queue.bury(self._entry, reason)


class _MemoryConsumer:
    """Implements `Consumer`."""

    attachments = 1

    def __init__(self, bus: MemoryBus, queue: _Queue, subscription: Subscription, handler: Handler) -> None:
        self.queue = queue
        self._bus = bus
        self._prefetch = subscription.prefetch
        self._in_hand = 0
        self._batches = Batches(subscription, handler)

    @property
    def has_room(self) -> bool:
        return self._in_hand < self._prefetch

    def take(self, entry: _Entry) -> None:
        self._in_hand += 1
        self._batches.put(_MemoryReceipt(self, entry))

    def settled(self) -> None:
        self._in_hand -= 1

    async def stop(self) -> None:
        if self in self.queue.consumers:
            self.queue.consumers.remove(self)
        try:
            await self._batches.stop()
        finally:
            self._bus.left(self.queue)


class MemoryBus:
    """Implements `Bus`. Queues and messages live as long as the object, also over `stop` and `start`."""

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}
        self._logs: dict[str, MemoryLog] = {}
        self._bindings: dict[str, tuple[tuple[str, str], ...]] = {}
        self._started = False
        self._names = itertools.count(1)
        self._make(DEAD_LETTERS.queue, DEAD_LETTERS)

    async def start(self) -> None:
        self._started = True

    async def stop(self) -> None:
        self._started = False
        consumers: list[Consumer] = [one for queue in self._queues.values() for one in queue.consumers]
        consumers += [one for log in self._logs.values() for one in log.readers]
        await asyncio.gather(*(one.stop() for one in consumers))

    @property
    def healthy(self) -> bool:
        return self._started

    async def publish(self, wires: Sequence[Wire]) -> None:
        for wire in wires:
            self._route(wire, {})
        await asyncio.sleep(0)

    async def declare(self, subscription: Subscription) -> None:
        if subscription.kept is not None:
            self._log(subscription)
        elif subscription.durable:
            self._make(subscription.queue, subscription)

    async def consume(self, subscription: Subscription, handler: Handler, after: int | None = None) -> Consumer:
        if subscription.kept is not None:
            return self._log(subscription).read(subscription, handler, after)
        name = subscription.queue if subscription.durable else f"{subscription.queue}.{next(self._names)}"
        queue = self._make(name, subscription)
        consumer = _MemoryConsumer(self, queue, subscription, handler)
        queue.consumers.append(consumer)
        queue.dispatch()
        return consumer

    @property
    def ear(self) -> str:
        return ""

    async def hears(self, ear: str) -> bool:
        return False

    async def depth(self, queue: str) -> tuple[int, int]:
        found = self._queues.get(queue)
        return (len(found.ready), len(found.consumers)) if found else (0, 0)

    def left(self, queue: _Queue) -> None:
        """A consumer went away: a queue that is not durable goes with the last one."""
        if not queue.durable and not queue.consumers:
            self._queues.pop(queue.name, None)
            self._bindings.pop(queue.name, None)

    def _make(self, name: str, subscription: Subscription) -> _Queue:
        self._bindings[name] = tuple(dict.fromkeys((*self._bindings.get(name, ()), *subscription.keys)))
        if name not in self._queues:
            self._queues[name] = _Queue(name, subscription.durable, self._bury)
        return self._queues[name]

    def _log(self, subscription: Subscription) -> MemoryLog:
        self._bindings[subscription.queue] = subscription.keys
        return self._logs.setdefault(subscription.queue, MemoryLog())

    def _route(self, wire: Wire, headers: Mapping[str, str]) -> None:
        reached = [queue for name, queue in self._queues.items() if self._bound(name, wire)]
        for queue in reached:
            queue.add(wire, headers)
        logs = [log for name, log in self._logs.items() if self._bound(name, wire)]
        for log in logs:
            log.add(wire)
        metrics.published.labels(wire.exchange).inc()
        if not reached and not logs:
            metrics.unroutable.labels(wire.exchange).inc()

    def _bound(self, name: str, wire: Wire) -> bool:
        if wire.exchange == TO_A_QUEUE:
            return name == wire.routing_key
        return any(_accepts(exchange, key, wire) for exchange, key in self._bindings[name])

    def _bury(self, queue: _Queue, entry: _Entry, reason: str) -> None:
        headers = {**entry.headers, REASON_HEADER: reason, QUEUE_HEADER: queue.name}
        self._route(Wire(Exchange.DEAD, entry.wire.routing_key, entry.wire.body), headers)


def _accepts(exchange: str, key: str, wire: Wire) -> bool:
    """Whether a binding takes the message. Jobs go on from `attune.executions` to `attune.events`."""
    reaches = exchange == wire.exchange or (exchange == Exchange.EVENTS and wire.exchange == Exchange.EXECUTIONS)
    return reaches and (Exchange(exchange).kind == "fanout" or matches(key, wire.routing_key))
