"""The bus on RabbitMQ: two links, so that a broker that blocks publishers still takes acknowledgements."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Sequence

from aiormq.exceptions import ChannelNotFoundEntity

from attune_common.bus.bus import BusUnavailable, Consumer, Handler, Subscription
from attune_common.bus.rabbitmq.declare import declare_queue
from attune_common.bus.rabbitmq.intake import Intake
from attune_common.bus.rabbitmq.link import Link
from attune_common.bus.rabbitmq.port import SILENCE, bounded
from attune_common.bus.rabbitmq.publisher import Publisher
from attune_common.bus.rabbitmq.session import Session
from attune_common.bus.topology import DEAD_LETTERS
from attune_common.contracts.envelope import Wire
from attune_common.runtime.logging import get

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
        self._probe = f"attune.probe.{uuid.uuid4().hex}"
        self._probed_at = self._probe_sent_at = -silence

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
        return _now() - self._probed_at < self._silence

    async def publish(self, wires: Sequence[Wire]) -> None:
        await self._publisher.publish(wires)

    async def declare(self, subscription: Subscription) -> None:
        if not subscription.durable:
            return
        self._declared[subscription.queue] = subscription
        session = self._publishing.current
        if session is not None:
            await _declare(session, subscription)

    async def consume(self, subscription: Subscription, handler: Handler) -> Consumer:
        if subscription.durable:
            self._declared[subscription.queue] = subscription
        intake = Intake(subscription, handler, self._publisher.bury, self._forget)
        self._intakes.append(intake)
        session = self._consuming.current
        if session is not None:
            await _attach(intake, session)
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

    async def _prepare_publishing(self, session: Session) -> None:
        for subscription in tuple(self._declared.values()):
            try:
                await _declare(session, subscription)
            except BusUnavailable as problem:
                if session.lost:
                    raise
                log.error("a queue cannot be made", queue=subscription.queue, problem=str(problem))
        await self._publisher.prepare(session)

    async def _check_publishing(self, session: Session) -> None:
        await self._publisher.probe(self._probe, self._silence)
        self._probe_sent_at = _now()

    async def _prepare_consuming(self, session: Session) -> None:
        async with bounded("listen to the probe"):
            self._watched = channel = await session.channel()
            await channel.queue_declare(
                self._probe_queue(session), exclusive=True, auto_delete=True, arguments={"x-max-length": 4}
            )
            await channel.basic_consume(self._probe, self._on_probe, no_ack=True)
        channel.closing.add_done_callback(lambda _: session.fail("the probing channel closed"))
        channel.on_consumer_cancel_callbacks.add(lambda _: session.fail("the probing queue was deleted"))
        self._connected_at = _now()
        await self._attach_all(session)

    async def _check_consuming(self, session: Session) -> None:
        async with bounded("probe", self._silence):
            await self._watched.basic_qos(prefetch_count=0)
        since = max(self._probed_at, self._connected_at)
        if _now() - since > self._silence and _now() - self._probe_sent_at < self._silence / 2:
            raise BusUnavailable("probe: messages are confirmed and do not arrive")
        await self._attach_all(session)

    def _forget(self, intake: Intake) -> None:
        if intake in self._intakes:
            self._intakes.remove(intake)

    def _probe_queue(self, session: Session) -> str:
        self._probe = f"attune.probe.{session.token}"
        return self._probe

    async def _on_probe(self, _message: object) -> None:
        self._probed_at = _now()

    async def _attach_all(self, session: Session) -> None:
        missing = [intake for intake in self._intakes if not intake.attached]
        await asyncio.gather(*(_attach(intake, session) for intake in missing))


async def _attach(intake: Intake, session: Session) -> None:
    """One queue that cannot be consumed from does not disturb the others; the next tick tries it again."""
    try:
        await intake.attach(session)
    except BusUnavailable as problem:
        log.error("cannot consume", queue=intake.subscription.queue, problem=str(problem))


async def _declare(session: Session, subscription: Subscription) -> None:
    async with bounded(f"declare {subscription.queue}"):
        channel = await session.channel()
        try:
            await declare_queue(channel, subscription.queue, subscription)
        finally:
            await channel.close()


def _now() -> float:
    return asyncio.get_running_loop().time()
