"""One consumer on RabbitMQ: a FastStream subscriber that fills a line of batches, on any session that comes."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import aiormq
from aio_pika import IncomingMessage
from aio_pika.abc import AbstractChannel
from faststream.message import StreamMessage
from faststream.middlewares import AckPolicy
from faststream.rabbit import Channel, RabbitQueue
from faststream.rabbit.subscriber import RabbitSubscriber

from attune_common.bus.batches import Batches
from attune_common.bus.bus import BusUnavailable, Handler, Subscription
from attune_common.bus.rabbitmq.declare import declare_queue
from attune_common.bus.rabbitmq.port import bounded
from attune_common.bus.rabbitmq.receipts import Bury, RabbitReceipt, Reading
from attune_common.bus.rabbitmq.session import Session, plain
from attune_common.runtime.clock import monotonic
from attune_common.runtime.logging import get

GRACE = 0.25
"""Seconds in which RabbitMQ tells all consumers that their queue is gone. One that is told when there is a queue of
that name again is attached to that without a word, and never given anything."""

_unlike_any_other = itertools.count(1)

log = get("attune.bus")


class Intake:
    """Implements `Consumer`. `attached` while the broker delivers to it. `after`: see `Bus.consume`."""

    def __init__(
        self,
        subscription: Subscription,
        handler: Handler,
        bury: Bury,
        forget: Callable[[Intake], None],
        after: int | None = None,
    ) -> None:
        self.subscription = subscription
        self._after = after
        self.attachments = 0
        self._bury = bury
        self._forget = forget
        self._batches = Batches(subscription, handler)
        self._subscriber: RabbitSubscriber | None = None
        self._outer: AbstractChannel | None = None
        self._forgotten: Callable[[], None] = _nothing
        self._channel: aiormq.Channel | None = None
        self._lock = asyncio.Lock()
        self._stopped = False
        self._heard = monotonic()

    @property
    def attached(self) -> bool:
        return self._channel is not None and not self._channel.is_closed and bool(self._channel.consumers)

    async def attach(self, session: Session) -> None:
        """Make the queue and consume from it, unless it is done already. Errors: BusUnavailable."""
        async with self._lock:
            if self._stopped or self.attached:
                return
            if self._channel is not None and not self._channel.is_closed:
                await asyncio.sleep(GRACE)
            await self._close()
            async with bounded(f"declare {self.subscription.queue}"):
                name = await self._declare(session)
            async with bounded(f"consume from {self.subscription.queue}"):
                await self._subscribe(session, name)

    async def verify(self, channel: aiormq.Channel) -> None:
        """Have the broker see the queue, its bindings and its consumer as we do. Errors: BusUnavailable.

        A queue that is deleted and made again at the same moment may come without its bindings, or be without the
        consumer that the broker has just confirmed, and nobody is told of either.
        """
        before = self._channel
        async with bounded(f"verify {self.subscription.queue}"):
            consumers = await declare_queue(channel, self.subscription.queue, self.subscription)
        async with self._lock:
            if consumers == 0 and before is not None and before is self._channel:
                log.info("the broker had forgotten a consumer", queue=self.subscription.queue)
                await self._close()

    async def renew(self, silence: float) -> None:
        """Have it attached anew when nothing has come for so many seconds and nothing is in hand: see `GRACE`. What
        the broker believes to have delivered comes again."""
        async with self._lock:
            idle = self.subscription.kept is None and not self._batches.busy
            if idle and monotonic() - self._heard > silence:
                await self._close()

    async def stop(self) -> None:
        self._stopped = True
        self._forget(self)
        try:
            if self._subscriber is not None:
                with contextlib.suppress(BusUnavailable):
                    async with bounded("stop consuming"):
                        await self._subscriber.stop()
            await self._batches.stop()
        finally:
            await self._close()

    async def _declare(self, session: Session) -> str:
        """A private queue has another name on every connection: a lost one may keep its own for a while."""
        shared = self.subscription.durable
        name = self.subscription.queue if shared else f"{self.subscription.queue}.{session.token}"
        channel = await session.channel()
        try:
            await declare_queue(channel, name, self.subscription)
        finally:
            await channel.close()
        return name

    async def _subscribe(self, session: Session, name: str) -> None:
        queue = _unseen(name)
        its_channel = Channel(prefetch_count=self.subscription.prefetch, publisher_confirms=False)
        self._forgotten = lambda: session.forget(queue, its_channel)
        subscriber = session.broker.subscriber(
            queue,
            consume_args=self._from_where(),
            channel=its_channel,
            ack_policy=AckPolicy.MANUAL,
            decoder=_as_it_came,
            no_reply=True,
            persistent=False,
        )
        subscriber(self._take)
        # FastStream sets it after the broker has begun to deliver, and drops what comes before.
        subscriber.running = True
        self._subscriber = subscriber
        await subscriber.start()
        self._outer = (await session.broker.declare_queue(queue)).channel
        channel = plain(await self._outer.get_underlay_channel())
        channel.on_consumer_cancel_callbacks.add(lambda _: session.wake())
        channel.closing.add_done_callback(lambda _: session.wake())
        self._channel = channel
        self._heard = monotonic()
        self.attachments += 1

    def _from_where(self) -> dict[str, Any] | None:
        if self.subscription.kept is None:
            return None
        return {"x-stream-offset": "next" if self._after is None else self._after + 1}

    async def _take(self, message: IncomingMessage) -> None:
        self._heard = monotonic()
        if self.subscription.kept is None:
            self._batches.put(RabbitReceipt(message, self.subscription.queue, self._bury))
            return
        reading = Reading(message, self.subscription.queue, self._bury)
        self._after = reading.position
        self._batches.put(reading)

    async def _close(self) -> None:
        """Close the channel: the broker takes back whatever was not settled on it.

        It is closed by its robust side, which would open it again otherwise.
        """
        outer, self._outer, self._channel, self._subscriber = self._outer, None, None, None
        self._forgotten()
        self._forgotten = _nothing
        if outer is not None:
            with contextlib.suppress(BusUnavailable):
                async with bounded("close a channel"):
                    await outer.close()


def _nothing() -> None:
    """There is nothing to forget yet."""


def _unseen(name: str) -> RabbitQueue:
    """An existing queue, to be consumed from. FastStream remembers queues by their arguments and would give back
    one on a channel that is gone; the broker does not look at the arguments of a queue that is not to be made."""
    return RabbitQueue(name, declare=False, robust=False, arguments={"x-expires": next(_unlike_any_other)})


async def _as_it_came(message: StreamMessage[IncomingMessage]) -> IncomingMessage:
    return message.raw_message
