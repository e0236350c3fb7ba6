"""What the tests of a bus work with: buses of one broker, queues of their own, handlers that remember."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence

from tests.support.waiting import until

from attune_common.bus.bus import Bus, Consumer, Delivery, Handler, Subscription
from attune_common.bus.memory import MemoryBus
from attune_common.bus.rabbitmq.bus import RabbitBus
from attune_common.bus.rabbitmq.port import SILENCE
from attune_common.contracts.envelope import Wire, pack
from attune_common.contracts.event import EventCreated
from attune_common.contracts.registry import Exchange


def wire(key: str, *numbers: int, exchange: Exchange = Exchange.EVENTS) -> Wire:
    """One wire message with an event for each number, under any routing key."""
    events = [(EventCreated(event_id=number, trigger_ref="test.trigger"), "") for number in numbers]
    (packed,) = pack(events, "attune/test")
    return Wire(exchange, key, packed.body)


def numbers_of(deliveries: Sequence[Delivery]) -> list[int]:
    return [event.event_id for one in deliveries for event in one.messages if isinstance(event, EventCreated)]


class Taker:
    """A handler that remembers. `hold()` makes it wait inside; `fail(n)` makes it raise n times."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.deliveries: list[Delivery] = []
        self.entered = 0
        self.failures = 0
        self._open = asyncio.Event()
        self._open.set()

    @property
    def numbers(self) -> list[int]:
        return [number for batch in self.batches for number in batch]

    def hold(self) -> None:
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    async def __call__(self, deliveries: list[Delivery]) -> None:
        self.entered += 1
        await self._open.wait()
        if self.failures:
            self.failures -= 1
            raise RuntimeError("a handler that fails")
        self.deliveries.extend(deliveries)
        self.batches.append(numbers_of(deliveries))

    async def have(self, count: int, deadline: float = 20) -> list[int]:
        await until(lambda: len(self.numbers) >= count, deadline, f"{count} events (there are {len(self.numbers)})")
        return self.numbers


class Bench:
    """`bus` is started; `another()` is a second client of the same broker (the same one in memory)."""

    def __init__(self, make: Callable[[], Bus]) -> None:
        self._make = make
        self._buses: list[Bus] = []
        self.word = uuid.uuid4().hex[:10]
        self.bus: Bus

    async def open(self) -> None:
        self.bus = await self.another()

    async def another(self) -> Bus:
        bus = self._make()
        self._buses.append(bus)
        await bus.start()
        await until(lambda: bus.healthy, 20, "a healthy bus")
        return bus

    async def close(self) -> None:
        for bus in self._buses:
            await bus.stop()

    def key(self, rest: str = "x") -> str:
        return f"{self.word}.{rest}"

    def queue(
        self, name: str = "queue", *patterns: str, durable: bool = True, prefetch: int = 200, max_batch: int = 200
    ) -> Subscription:
        """A queue of this test's own, bound to the given patterns behind the test's own first word."""
        keys = tuple((Exchange.EVENTS.value, self.key(pattern)) for pattern in patterns or ("#",))
        return Subscription(f"test.{self.word}.{name}", keys, durable, prefetch, max_batch)

    async def send(self, *numbers: int, key: str = "x") -> None:
        """One wire message for each number."""
        await self.bus.publish([wire(self.key(key), number) for number in numbers])

    async def consume(self, subscription: Subscription, handler: Handler, bus: Bus | None = None) -> Consumer:
        return await (bus or self.bus).consume(subscription, handler)

    async def ready(self, subscription: Subscription, count: int, deadline: float = 20) -> None:
        """Wait until so many messages are ready in the queue. RabbitMQ's counts come a moment late."""

        async def there() -> bool:
            return (await self.bus.depth(subscription.queue))[0] == count

        await until(there, deadline, f"{count} messages ready in {subscription.queue}")


def memory() -> Callable[[], Bus]:
    bus = MemoryBus()
    return lambda: bus


def rabbitmq(url: str, silence: float = SILENCE) -> Callable[[], Bus]:
    return lambda: RabbitBus(url, "attune test", silence=silence)
