"""The protocol that services speak to. Implementations: `rabbitmq`, `memory`; suite: tests/conformance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from attune_common.contracts.base import Message
from attune_common.contracts.envelope import Wire


class BusUnavailable(Exception):
    """The broker did not confirm in time. What was published may or may not have arrived."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a consumer takes its messages from.

    `queue`: its name. `keys`: (exchange, routing key pattern) pairs it is bound to. `durable` queues are shared
    by all consumers of that name (quorum on RabbitMQ); others are exclusive and vanish with the consumer.
    `prefetch`: deliveries in hand at most; `max_batch`: deliveries given to the handler at once.
    """

    queue: str
    keys: tuple[tuple[str, str], ...]
    durable: bool = True
    prefetch: int = 200
    max_batch: int = 200


class Delivery(Protocol):
    """One wire message in hand. Exactly one of ack, requeue, reject is called, once."""

    routing_key: str
    redelivered: bool
    messages: list[Message]

    async def ack(self) -> None: ...
    async def requeue(self) -> None:
        """Give it back: it is delivered again, to anyone."""
    async def reject(self, reason: str) -> None:
        """Send it to the dead letters."""


Handler = Callable[[list[Delivery]], Awaitable[None]]
"""Gets what has arrived, at least one delivery, never waits for more. Deliveries that it has not settled when it
returns are acknowledged; when it raises, they are requeued after a pause that grows (0.05 to 2 s)."""


class Consumer(Protocol):
    async def stop(self) -> None:
        """Take no more; return when the running handler has ended. What is still in hand goes back."""


class Bus(Protocol):
    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    @property
    def healthy(self) -> bool:
        """A round trip succeeded within the last 8 seconds."""
    async def publish(self, wires: Sequence[Wire]) -> None:
        """Return when the broker has confirmed all. Errors: BusUnavailable.

        A message without any queue is not an error (facts may have no listener; jobs are found by the sweep).
        """
    async def declare(self, subscription: Subscription) -> None:
        """Make the queue and its bindings exist, so that messages are kept before the first consumer comes."""
    async def consume(self, subscription: Subscription, handler: Handler) -> Consumer: ...
    async def depth(self, queue: str) -> tuple[int, int]:
        """(messages ready, consumers) of a durable queue; (0, 0) when it does not exist."""
