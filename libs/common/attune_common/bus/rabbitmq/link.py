"""Keeps a connection alive by making the next one whenever the last one ended."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

from attune_common.bus import metrics
from attune_common.bus.bus import BusUnavailable
from attune_common.bus.rabbitmq.port import BOUND, patience
from attune_common.bus.rabbitmq.session import Session
from attune_common.runtime.logging import get

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_MOST_PATIENCE = 4.0
_SETTLED = 5.0
"""Seconds that a connection has to last, to be more than a part of the trouble before it."""

log = get("attune.bus")

Step = Callable[[Session], Awaitable[None]]


class Link:
    """Keeps one session alive. `prepare` runs before others may use a session, `check` on every tick.

    Either ends the session by raising BusUnavailable. `tick` is in seconds.
    """

    def __init__(self, url: str, name: str, prepare: Step, check: Step, tick: float) -> None:
        self._url = url
        self._name = name
        self._prepare = prepare
        self._check = check
        self._tick = tick
        self._session: Session | None = None
        self._up = asyncio.Event()
        self._down_since: float | None = None
        self._up_since: float | None = None
        self._discards: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._complained = False

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
                patience.set(1.0)
                await self._watch(session)
            except BusUnavailable as problem:
                self._complain(str(problem))
                _be_patient(problem)
            except Exception as problem:
                self._complain(repr(problem), problem)
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
                async with asyncio.timeout(self._tick):
                    await session.woken.wait()
            if session.lost:
                raise BusUnavailable(session.lost)

    def _complain(self, problem: str, unforeseen: Exception | None = None) -> None:
        """Once, with the first reason: a broker that is away for an hour fills no log, nor does one that comes and
        goes while it restarts."""
        up_since, self._up_since = self._up_since, None
        settled = up_since is not None and asyncio.get_running_loop().time() - up_since >= _SETTLED
        known = self._complained and not settled
        level = log.debug if known else log.warning if unforeseen is None else log.error
        level("no connection to the broker", link=self._name, problem=problem, exc_info=unforeseen)
        self._complained = True

    def _enter(self, session: Session) -> None:
        self._session = session
        self._down_since = None
        self._up_since = asyncio.get_running_loop().time()
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


def _be_patient(problem: BusUnavailable) -> None:
    """The next connection gets more time when this one did not get enough. One that was refused had no need of any."""
    if isinstance(problem.__cause__, TimeoutError):
        patience.set(min(_MOST_PATIENCE, patience.get() * 1.5))
