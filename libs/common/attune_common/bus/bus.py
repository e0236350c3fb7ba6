"""The protocol that services speak to. Implementations: `rabbitmq`, `memory`; suite: tests/conformance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from attune_common.contracts.base import Message
from attune_common.contracts.envelope import Wire


class BusUnavailable(Exception):
    """The broker did not confirm in time. What was published may or may not have arrived."""


class TryLater(Exception):
    """A handler cannot do its work now, and that is no fault of the messages: they are kept and given to it again,
    as often as it takes."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How much a queue keeps that its readers do not empty: for so many seconds, and so many bytes at most."""

    seconds: int
    size: int


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a consumer takes its messages from.

    `queue`: its name. `keys`: (exchange, routing key pattern) pairs it is bound to. `durable` queues are shared
    by all consumers of that name (quorum on RabbitMQ); others are exclusive and vanish with the consumer.
    `prefetch`: deliveries in hand at most; `max_batch`: deliveries given to the handler at once; `max_bytes`: of their
    bodies together, unless one alone is larger: decoded, they take up several times as much; `enough`: a batch that has
    so many messages takes no further delivery.
    `linger`: seconds for which more is waited for at most, while some arrive at a time and not many.
    `overlaps`: the next batch is given while the last one only waits (`runtime.handover`); no more than two at a time.
    `raw`: bodies are not decoded (`Delivery.messages` is empty), as in the dead letters.
    `kept`: reading takes nothing away (a stream on RabbitMQ); every consumer gets everything from where it begins.
    """

    queue: str
    keys: tuple[tuple[str, str], ...]
    durable: bool = True
    prefetch: int = 200
    max_batch: int = 200
    max_bytes: int = 8 * 1024 * 1024
    enough: int = 100_000
    linger: float = 0.0
    overlaps: bool = False
    raw: bool = False
    kept: Kept | None = None


class Delivery(Protocol):
    """One wire message in hand. One of ack, requeue, reject is called, once; further calls change nothing.

    `attempt` counts from 1 how often it was given to a handler, as far as the broker knows. `headers` of a dead
    letter: `x-attune-reason` (a sentence) and `x-attune-queue` (where it was refused). `position`: its number in a
    queue that keeps its messages, which grows; 0 elsewhere.
    """

    routing_key: str
    redelivered: bool
    attempt: int
    messages: list[Message]
    body: bytes
    headers: Mapping[str, str]
    position: int

    async def ack(self) -> None: ...
    async def requeue(self) -> None:
        """Give it back: it is delivered again, to anyone."""

    async def reject(self, reason: str) -> None:
        """Send it to the dead letters."""


Handler = Callable[[list[Delivery]], Awaitable[None]]
"""Gets what has arrived, at least one delivery, never waits for more. Deliveries that it has not settled when it
returns are acknowledged. When it raises, they are given to it again after a pause that grows (0.05 to 2 s), in
smaller batches until the one that fails is alone; that one returns to the queue after five failures, and goes to
the dead letters when it has been delivered fifty times. `TryLater` is no failure: it only waits."""


class Consumer(Protocol):
    @property
    def attachments(self) -> int:
        """How often it was connected to its queue. When it grows, a private queue may have missed messages."""

    async def stop(self) -> None:
        """Take no more; return when the running handler has ended. What is still in hand goes back.

        Cancel it (a timeout) to stop the handler as well: its deliveries go back too.
        """


class Bus(Protocol):
    async def start(self) -> None:
        """Connect. Returns after four seconds at the latest, connected or not: the bus goes on trying."""

    async def stop(self) -> None: ...
    @property
    def healthy(self) -> bool:
        """A round trip succeeded within the last 8 seconds."""

    @property
    def ear(self) -> str:
        """A queue that exists as long as the broker sees the connection by which messages come: what this process has
        in hand goes back when it goes. Empty when there is none."""

    async def publish(self, wires: Sequence[Wire]) -> None:
        """Return when the broker has confirmed all. Errors: BusUnavailable.

        A message without any queue is not an error (facts may have no listener; jobs are found by the sweep).
        """

    async def declare(self, subscription: Subscription) -> None:
        """Make the queue and its bindings exist, so that messages are kept before the first consumer comes.

        While the broker cannot be reached it is only noted, and made before the next message is published.
        """

    async def consume(self, subscription: Subscription, handler: Handler, after: int | None = None) -> Consumer:
        """Start to take messages, now or as soon as the broker can be reached.

        `after`: of a queue that keeps its messages, those behind this position, or the oldest that are left; None:
        only what comes from now on. Such a consumer goes on where it was when its connection is made again.
        """

    async def depth(self, queue: str) -> tuple[int, int]:
        """(messages ready, consumers) of a durable queue; (0, 0) when it does not exist. Errors: BusUnavailable."""

    async def hears(self, ear: str) -> bool:
        """Whether the broker still sees the connection of that ear, of any process. Errors: BusUnavailable."""


def condition(bus: Bus) -> tuple[bool, str]:
    """For a health check."""
    return (True, "") if bus.healthy else (False, "no round trip to the broker within 8 s")
