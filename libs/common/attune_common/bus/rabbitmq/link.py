"""Connections that are never repaired: when anything is wrong with one it is thrown away and the next one is made."""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from collections.abc import Awaitable, Callable

from aio_pika.abc import AbstractConnection
from aiormq import Channel
from aiormq.abc import AbstractChannel
from faststream.rabbit import RabbitBroker
from yarl import URL

from attune_common.bus import metrics
from attune_common.bus.bus import BusUnavailable
from attune_common.bus.rabbitmq.declare import declare_exchanges
from attune_common.bus.rabbitmq.port import BOUND, bounded
from attune_common.runtime.logging import get

HEARTBEAT = 10
TICK = 2.0
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_NEVER = 1_000_000_000.0

log = get("attune.bus")


class Session:
    """One connection's life: FastStream's broker, its connection, and the moment when it ended."""

    def __init__(self, url: str, name: str) -> None:
        self.token = uuid.uuid4().hex[:12]
        self.woken = asyncio.Event()
        self.lost: str = ""
        self.broker = RabbitBroker(
            str(URL(url).update_query(heartbeat=HEARTBEAT, name=name)),
            timeout=BOUND,
            reconnect_interval=_NEVER,
            on_close=[self._on_close],
            logger=None,
            apply_types=False,
        )

    async def open(self) -> None:
        """Connect and make the exchanges. Errors: BusUnavailable."""
        async with bounded("connect", BOUND + 1):
            connection = await self.broker.connect()
        if connection.transport is None:
            raise BusUnavailable("connect: the connection was lost at once")
        self._wire = connection.transport.connection
        async with bounded("declare exchanges"):
            await declare_exchanges(self.broker)

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
        """Close whatever can be closed. A frozen broker does not answer: nobody waits for this."""
        with contextlib.suppress(BusUnavailable):
            async with bounded("disconnect"):
                await self.broker.stop()

    def _on_close(self, _connection: AbstractConnection | None, problem: BaseException | None) -> None:
        self.fail(f"the connection closed: {problem!r}")


def plain(channel: AbstractChannel) -> Channel:
    """The engine's channel by its real type, which tells more than the abstract one."""
    if not isinstance(channel, Channel):
        raise TypeError(f"{channel!r} is no channel of aiormq")
    return channel


Step = Callable[[Session], Awaitable[None]]


class Link:
    """Keeps one session alive. `prepare` runs before others may use a session, `check` on every tick.

    Either ends the session by raising BusUnavailable.
    """

    def __init__(self, url: str, name: str, prepare: Step, check: Step) -> None:
        self._url = url
        self._name = name
        self._prepare = prepare
        self._check = check
        self._session: Session | None = None
        self._up = asyncio.Event()
        self._down_since: float | None = None
        self._discards: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def current(self) -> Session | None:
        """The session, if there is a usable one now."""
        return self._session

    def start(self) -> None:
        self._down_since = asyncio.get_running_loop().time()
        self._task = self._task or asyncio.create_task(self._run(), name=f"link {self._name}")

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        if self._discards:
            await asyncio.wait(self._discards, timeout=BOUND + 1)

    async def session(self) -> Session:
        """The session, waited for unless it has been away for long. Callers bound it. Errors: BusUnavailable."""
        if self._session is not None:
            return self._session
        if self._task is None:
            raise BusUnavailable("the bus has not been started")
        if self._down_since is not None and asyncio.get_running_loop().time() - self._down_since > BOUND:
            raise BusUnavailable("there is no connection to the broker")
        await self._up.wait()
        if self._session is None:
            raise BusUnavailable("the connection was lost at once")
        return self._session

    async def _run(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            session = Session(self._url, self._name)
            try:
                await session.open()
                await self._prepare(session)
                self._enter(session)
                pause = _FIRST_PAUSE
                await self._watch(session)
            except BusUnavailable as problem:
                log.warning("no connection to the broker", link=self._name, problem=str(problem))
            except Exception as problem:
                log.exception("a connection to the broker failed", link=self._name, problem=repr(problem))
            finally:
                self._leave(session)
            metrics.reconnects.labels(self._name).inc()
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(_LONGEST_PAUSE, pause * 2)

    async def _watch(self, session: Session) -> None:
        while True:
            session.woken.clear()
            await self._check(session)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await session.woken.wait()
            if session.lost:
                raise BusUnavailable(session.lost)

    def _enter(self, session: Session) -> None:
        self._session = session
        self._down_since = None
        self._up.set()
        log.info("connected to the broker", link=self._name)

    def _leave(self, session: Session) -> None:
        if self._session is session:
            self._session = None
            self._up.clear()
        if self._down_since is None:
            self._down_since = asyncio.get_running_loop().time()
        discard = asyncio.create_task(session.discard())
        self._discards.add(discard)
        discard.add_done_callback(self._discards.discard)
