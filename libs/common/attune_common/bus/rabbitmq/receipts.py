"""One delivery of RabbitMQ in hand: acknowledged, given back or sent to the dead letters on the channel it came by."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aio_pika import IncomingMessage

from attune_common.bus.bus import BusUnavailable
from attune_common.bus.rabbitmq.port import bounded
from attune_common.bus.topology import QUEUE_HEADER, REASON_HEADER

Bury = Callable[[str, str, bytes, str], Awaitable[None]]


class RabbitReceipt:
    """Implements `inhand.Receipt`. Settles on the channel by which the message came, or not at all."""

    def __init__(self, message: IncomingMessage, queue: str, bury: Bury) -> None:
        self._channel = message.channel
        self._tag = message.delivery_tag or 0
        self._queue = queue
        self._bury = bury
        self.routing_key = message.routing_key or ""
        self.redelivered = bool(message.redelivered)
        self.attempt = 1 + _number(message.headers.get("x-delivery-count"))
        self.body = message.body
        self.headers: Mapping[str, str] = _readable(message.headers)
        self.position = _number(message.headers.get("x-stream-offset"))

    @property
    def lost(self) -> bool:
        return self._channel.is_closed

    async def ack(self) -> None:
        await self._tell(lambda: self._channel.basic_ack(self._tag, wait=False))

    async def requeue(self) -> None:
        await self._tell(lambda: self._channel.basic_nack(self._tag, requeue=True, wait=False))

    async def bury(self, reason: str) -> None:
        """The copy is confirmed before the original goes: a dead letter may be doubled, never lost."""
        try:
            await self._bury(self._queue, self.routing_key, self.body, reason)
        except BusUnavailable:
            await self.requeue()
        else:
            await self.ack()

    async def _tell(self, send: Callable[[], Awaitable[None]]) -> None:
        with contextlib.suppress(BusUnavailable):
            async with bounded("settle a delivery"):
                await send()


class Reading(RabbitReceipt):
    """Of a queue that keeps its messages: it cannot be given back, and after a reconnect it does not come again."""

    @property
    def lost(self) -> bool:
        return False

    async def requeue(self) -> None:
        await self.ack()

    async def bury(self, reason: str) -> None:
        await self.ack()


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _readable(headers: Mapping[str, Any]) -> dict[str, str]:
    """The headers that are text; why and where RabbitMQ itself gave up on the message is told as we tell it."""
    texts = {name: value for name, value in headers.items() if isinstance(value, str)}
    deaths = headers.get("x-death")
    if REASON_HEADER not in texts and isinstance(deaths, list) and deaths and isinstance(deaths[0], dict):
        texts[REASON_HEADER] = str(deaths[0].get("reason", ""))
        texts[QUEUE_HEADER] = str(deaths[0].get("queue", ""))
    return texts
