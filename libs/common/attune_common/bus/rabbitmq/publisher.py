"""Confirmed publishing: all messages of a call are on their way before the first confirmation is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from aiormq import Channel, spec
from aiormq.abc import DeliveredMessage

from attune_common.bus import metrics
from attune_common.bus.bus import BusUnavailable
from attune_common.bus.rabbitmq.link import Link
from attune_common.bus.rabbitmq.port import bounded
from attune_common.bus.rabbitmq.session import Session
from attune_common.bus.topology import QUEUE_HEADER, REASON_HEADER
from attune_common.contracts.envelope import CONTENT_TYPE, Wire
from attune_common.contracts.registry import Exchange

_AT_ONCE = 500
_PERSISTENT = 2


_REPORTS = ("execution.accepted", "execution.completed")


class Unroutable(BusUnavailable):
    """The broker has no queue for a message that somebody waits for: it was deleted, and is not made again yet."""


def must_arrive(wire: Wire) -> bool:
    """Jobs and reports of them: lost, they cost a lease or an action that is performed once more."""
    return wire.exchange == Exchange.EXECUTIONS or (wire.exchange == Exchange.EVENTS and wire.routing_key in _REPORTS)


class Publisher:
    """The channel with confirmations on the publishing link."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._channel: Channel | None = None

    async def prepare(self, session: Session) -> None:
        """Open the channel of a new session. Errors: BusUnavailable."""
        async with bounded("open the publishing channel"):
            channel = await session.channel(confirms=True)
        channel.closing.add_done_callback(lambda _: session.fail("the publishing channel closed"))
        self._channel = channel

    async def publish(self, wires: Sequence[Wire]) -> None:
        """Errors: BusUnavailable when not all were confirmed in time; Unroutable."""
        for start in range(0, len(wires), _AT_ONCE):
            with metrics.publish_seconds.time():
                await self._publish([(wire, None) for wire in wires[start : start + _AT_ONCE]])

    async def bury(self, queue: str, routing_key: str, body: bytes, reason: str) -> None:
        """A copy to the dead letters, with where it was refused and why. Errors: BusUnavailable."""
        headers = {REASON_HEADER: reason[:1000], QUEUE_HEADER: queue}
        await self._publish([(Wire(Exchange.DEAD, routing_key, body), headers)])

    async def probe(self, queue: str, seconds: float) -> None:
        """Send an empty message to a queue and see it confirmed. Errors: BusUnavailable."""
        if self._channel is None:
            raise BusUnavailable("probe: there is no channel")
        async with bounded("probe", seconds):
            await self._channel.basic_publish(b"", routing_key=queue, properties=spec.Basic.Properties(delivery_mode=1))

    async def _publish(self, posts: Sequence[tuple[Wire, Mapping[str, str] | None]]) -> None:
        try:
            async with bounded("publish"):
                await self._link.session()
                channel = self._channel
                if channel is None:
                    raise BusUnavailable("publish: there is no channel")
                outcomes = await asyncio.gather(
                    *(_send(channel, wire, headers) for wire, headers in posts), return_exceptions=True
                )
                for outcome in outcomes:
                    if isinstance(outcome, BaseException):
                        raise outcome
        except BusUnavailable:
            metrics.unconfirmed.inc()
            raise


async def _send(channel: Channel, wire: Wire, headers: Mapping[str, str] | None) -> None:
    properties = spec.Basic.Properties(
        content_type=CONTENT_TYPE,
        delivery_mode=_PERSISTENT,
        timestamp=datetime.now(UTC),
        headers=dict(headers) if headers else None,
    )
    answer = await channel.basic_publish(
        wire.body,
        exchange=str(wire.exchange),
        routing_key=wire.routing_key,
        properties=properties,
        mandatory=True,
        wait=False,
    )
    metrics.published.labels(wire.exchange).inc()
    if isinstance(answer, DeliveredMessage):
        metrics.unroutable.labels(wire.exchange).inc()
        if must_arrive(wire):
            raise Unroutable(f"publish: no queue takes {wire.routing_key}")
