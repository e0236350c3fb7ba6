"""One connection's life. It is never repaired: when anything is wrong with it, it is thrown away."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from functools import cached_property
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aio_pika import RobustConnection
from aio_pika.abc import AbstractConnection
from aiormq import Channel, Connection
from aiormq.abc import AbstractChannel
from faststream.rabbit import Channel as FastStreamChannel
from faststream.rabbit import RabbitBroker, RabbitQueue

from attune_common.bus.bus import BusUnavailable
from attune_common.bus.rabbitmq.declare import declare_exchanges
from attune_common.bus.rabbitmq.port import BOUND, bounded, patience

HEARTBEAT = 10
_PATIENCE_WITH_THE_FROZEN = 60.0
_NEVER = 1_000_000_000.0


class _Observed(Connection):
    """aiormq makes another observer of the connection's end for whoever asks; aio-pika asks twice for each channel, and
    what it takes back from the second stays with the first for as long as there is the connection."""

    @cached_property
    def closing(self) -> asyncio.Future[object]:
        return super().closing


class Session:
    """One connection's life: FastStream's broker, its connection, and the moment when it ended."""

    def __init__(self, url: str, name: str) -> None:
        self.token = uuid.uuid4().hex[:12]
        self.woken = asyncio.Event()
        self.lost: str = ""
        self._connecting: asyncio.Task[RobustConnection] | None = None
        self._ending: asyncio.Task[None] | None = None
        self.broker = RabbitBroker(
            _with_query(url, heartbeat=str(HEARTBEAT), name=name),
            timeout=BOUND * patience.get(),
            reconnect_interval=_NEVER,
            on_close=[self._on_close],
            logger=None,
            apply_types=False,
        )

    async def open(self) -> None:
        """Connect and make the exchanges. Errors: BusUnavailable."""
        self._connecting = asyncio.create_task(self.broker.connect())
        async with bounded("connect", BOUND + 1):
            connection = await asyncio.shield(self._connecting)
        if connection.transport is None:
            raise BusUnavailable("connect: the connection was lost at once")
        self._wire = connection.transport.connection
        self._wire.__class__ = _Observed
        async with bounded("declare exchanges"):
            await declare_exchanges(self.broker)

    def forget(self, queue: RabbitQueue, channel: FastStreamChannel) -> None:
        """FastStream keeps each queue and channel, and with them the subscriber, as long as there is its broker."""
        _queues(self.broker).pop(queue, None)
        _channels(self.broker).pop(channel, None)

    async def channel(self, *, confirms: bool = False) -> Channel:
        """A plain channel of the engine: it never reopens itself behind our back."""
        return plain(await self._wire.channel(publisher_confirms=confirms, on_return_raises=False))

    def fail(self, reason: str) -> None:
        """The session is over. The link throws it away."""
        self.lost = self.lost or reason or "unknown"
        self.woken.set()

    def wake(self) -> None:
        """Have the link look after things now and not at its next tick."""
        self.woken.set()

    async def discard(self) -> None:
        """Close whatever can be closed. A frozen broker does not answer: nobody waits for this.

        A connection that is still being made is let come, to be closed: cancelled, it would stay open for ever.
        """
        if self._connecting is not None:
            with contextlib.suppress(BusUnavailable):
                async with bounded("disconnect", _PATIENCE_WITH_THE_FROZEN):
                    await _end(await self._connecting)

    def _on_close(self, connection: AbstractConnection | None, problem: BaseException | None) -> None:
        self.fail(f"the connection closed: {problem!r}")
        if connection is not None:
            self._ending = asyncio.create_task(_end(connection))


def _queues(broker: RabbitBroker) -> dict[RabbitQueue, object]:
    found: dict[RabbitQueue, object] = broker.config.declarer._queues
    return found


def _channels(broker: RabbitBroker) -> dict[FastStreamChannel, object]:
    found: dict[FastStreamChannel, object] = broker.config.channel_manager._ChannelManagerImpl__channels
    return found


async def _end(connection: AbstractConnection) -> None:
    """Also when it is closed already: a robust connection keeps a task that would sleep for years."""
    with contextlib.suppress(BusUnavailable):
        async with bounded("disconnect"):
            await connection.close()


def _with_query(url: str, **more: str) -> str:
    """The URL with these query parameters, unless it has its own."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode({**more, **dict(parse_qsl(parts.query))})))


def plain(channel: AbstractChannel) -> Channel:
    """The engine's channel by its real type, which tells more than the abstract one."""
    if not isinstance(channel, Channel):
        raise TypeError(f"{channel!r} is no channel of aiormq")
    return channel
