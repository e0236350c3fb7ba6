"""The bus on RabbitMQ: two links, so that a broker that blocks publishers still takes acknowledgements."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Sequence

from aiormq.exceptions import ChannelLockedResource, ChannelNotFoundEntity

from attune_common.bus.bus import BusUnavailable, Consumer, Handler, Subscription
from attune_common.bus.rabbitmq.complaints import Complaints
from attune_common.bus.rabbitmq.declare import declare_queue
from attune_common.bus.rabbitmq.intake import GRACE, Intake
from attune_common.bus.rabbitmq.link import Link
from attune_common.bus.rabbitmq.port import SILENCE, bounded
from attune_common.bus.rabbitmq.publisher import Publisher, Unroutable
from attune_common.bus.rabbitmq.session import Session
from attune_common.bus.topology import DEAD_LETTERS
from attune_common.contracts.envelope import Wire
from attune_common.runtime.logging import get

_DEAF = 3
"""So many times the silence that a connection is allowed, a consumer is."""

log = get("attune.bus")


class RabbitBus:
    """Implements `Bus`. `url` is an AMQP URL, `name` is shown in RabbitMQ's list of connections.

    `silence`: after so many seconds without a round trip a connection is given up; it is probed four times as often.
    """

    def __init__(self, url: str, name: str = "attune", *, silence: float = SILENCE) -> None:
        tick = silence / 4
        self._publishing = Link(url, f"{name} publishing", self._prepare_publishing, self._check_publishing, tick)
        self._consuming = Link(url, f"{name} consuming", self._prepare_consuming, self._check_consuming, tick)
        self._silence = silence
        self._publisher = Publisher(self._publishing)
        self._intakes: list[Intake] = []
        self._declared: dict[str, Subscription] = {DEAD_LETTERS.queue: DEAD_LETTERS}
        self._unmade, self._unread = Complaints("queues cannot be made", tick), Complaints("cannot consume", tick)
        self._probe = f"attune.probe.{uuid.uuid4().hex}"
        self._probed_at = self._probe_sent_at = -silence
        self._verified_at = 0.0
        self._proven = False

    async def start(self) -> None:
        self._publishing.start()
        self._consuming.start()
        with contextlib.suppress(BusUnavailable):
            async with bounded("connect"):
                await asyncio.gather(self._publishing.session(), self._consuming.session())

    async def stop(self) -> None:
        await asyncio.gather(*(intake.stop() for intake in tuple(self._intakes)))
        await asyncio.gather(self._publishing.stop(), self._consuming.stop())
        self._probed_at = -self._silence

    @property
    def healthy(self) -> bool:
        return self._proven and _now() - self._probed_at < self._silence

    @property
    def ear(self) -> str:
        return self._probe if self._consuming.current is not None else ""

    async def publish(self, wires: Sequence[Wire]) -> None:
        try:
            await self._publisher.publish(wires)
        except Unroutable:
            await asyncio.sleep(GRACE)
            session = self._publishing.current
            if session is not None:
                await self._declare_all(session)
            raise

    async def declare(self, subscription: Subscription) -> None:
        if not subscription.durable:
            return
        self._declared[subscription.queue] = subscription
        session = self._publishing.current
        if session is not None:
            await _declare(session, subscription)

    async def consume(self, subscription: Subscription, handler: Handler, after: int | None = None) -> Consumer:
        if subscription.durable:
            self._declared[subscription.queue] = subscription
        intake = Intake(subscription, handler, self._publisher.bury, self._forget, after)
        self._intakes.append(intake)
        session = self._consuming.current
        if session is not None:
            await self._attach(intake, session)
        return intake

    async def depth(self, queue: str) -> tuple[int, int]:
        async with bounded(f"look at {queue}"):
            session = await self._publishing.session()
            channel = await session.channel()
            try:
                found = await channel.queue_declare(queue, passive=True)
            except ChannelNotFoundEntity:
                return 0, 0
            finally:
                await channel.close()
        return found.message_count or 0, found.consumer_count or 0

    async def hears(self, ear: str) -> bool:
        async with bounded(f"look for {ear}"):
            session = await self._publishing.session()
            channel = await session.channel()
            try:
                await channel.queue_declare(ear, passive=True)
            except ChannelNotFoundEntity:
                return False
            except ChannelLockedResource:
                return True
            finally:
                await channel.close()
        return True

    async def _prepare_publishing(self, session: Session) -> None:
        await self._declare_all(session)
        await self._publisher.prepare(session)

    async def _declare_all(self, session: Session) -> None:
        await self._declare(session, tuple(self._declared))

    async def _declare(self, session: Session, queues: Sequence[str]) -> None:
        for subscription in [self._declared[queue] for queue in queues]:
            try:
                await _declare(session, subscription)
                self._unmade.mended(subscription.queue)
            except BusUnavailable as problem:
                if session.lost:
                    raise
                self._unmade.failed(subscription.queue, str(problem))

    async def _check_publishing(self, session: Session) -> None:
        await self._publisher.probe(self._probe, self._silence)
        self._probe_sent_at = _now()
        await self._declare(session, self._unmade.queues)
        self._unmade.tell()

    async def _prepare_consuming(self, session: Session) -> None:
        async with bounded("listen to the probe"):
            self._watched = channel = await session.channel()
            await channel.queue_declare(
                self._probe_queue(session), exclusive=True, auto_delete=True, arguments={"x-max-length": 4}
            )
            await channel.basic_consume(self._probe, self._on_probe, no_ack=True)
        channel.closing.add_done_callback(lambda _: session.fail("the probing channel closed"))
        channel.on_consumer_cancel_callbacks.add(lambda _: session.fail("the probing queue was deleted"))
        self._connected_at = self._verified_at = _now()
        await self._attach_all(session)

    async def _check_consuming(self, session: Session) -> None:
        async with bounded("probe", self._silence):
            await self._watched.basic_qos(prefetch_count=0)
        since = max(self._probed_at, self._connected_at)
        if _now() - since > self._silence and _now() - self._probe_sent_at < self._silence / 2:
            raise BusUnavailable("probe: messages are confirmed and do not arrive")
        await self._verify_all(session)
        await self._attach_all(session)
        if not session.lost:
            self._unread.tell()

    def _forget(self, intake: Intake) -> None:
        if intake in self._intakes:
            self._intakes.remove(intake)
        self._unread.mended(intake.subscription.queue)

    def _probe_queue(self, session: Session) -> str:
        self._probe = f"attune.probe.{session.token}"
        return self._probe

    async def _on_probe(self, _message: object) -> None:
        """After an outage two in a row are needed: a broker that blocks publishers lets the first message of each new
        connection through."""
        first = self._probed_at < 0
        self._proven = first or _now() - self._probed_at < self._silence
        self._probed_at = _now()

    async def _verify_all(self, session: Session) -> None:
        """One channel for all: what the broker refuses closes it, and the rest has its turn the next time."""
        settled = [each for each in self._intakes if each.subscription.durable and each.attached]
        if _now() - self._verified_at < self._silence or not settled:
            return
        self._verified_at = _now()
        try:
            async with bounded("open a channel to look at queues"):
                channel = await session.channel()
            try:
                for intake in settled:
                    await intake.verify(channel)
                    await intake.renew(_DEAF * self._silence)
            finally:
                async with bounded("close a channel"):
                    await channel.close()
        except BusUnavailable as problem:
            log.debug("queues cannot be looked at", problem=str(problem))

    async def _attach_all(self, session: Session) -> None:
        missing = [intake for intake in self._intakes if not intake.attached]
        await asyncio.gather(*(self._attach(intake, session) for intake in missing))

    async def _attach(self, intake: Intake, session: Session) -> None:
        """One queue that cannot be consumed from does not disturb the others; the next tick tries it again."""
        try:
            await intake.attach(session)
        except BusUnavailable as problem:
            self._unread.failed(intake.subscription.queue, str(problem))
        else:
            self._unread.mended(intake.subscription.queue)


async def _declare(session: Session, subscription: Subscription) -> None:
    async with bounded(f"declare {subscription.queue}"):
        channel = await session.channel()
        try:
            await declare_queue(channel, subscription.queue, subscription)
        finally:
            await channel.close()


def _now() -> float:
    return asyncio.get_running_loop().time()
