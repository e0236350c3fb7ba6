"""The way out: messages are collected, published in one call, and kept until the broker has confirmed them."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass

from attune_common.bus.bus import Bus, BusUnavailable
from attune_common.contracts.base import Message
from attune_common.contracts.envelope import Wire, pack
from attune_common.runtime import logging, metrics

_MAX_MESSAGES = 500
_MAX_BYTES = 4 * 1024 * 1024
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_SOURCE = "attune/worker"
log = logging.get("worker.results")


@dataclass(slots=True)
class _Item:
    """`size` is about how many bytes it takes on the wire; those `alone` get a wire message of their own."""

    message: Message
    confirmed: asyncio.Future[None]
    pool: str = ""
    size: int = 0
    alone: bool = False


class Outbound:
    """One publisher for everything a worker says. Nothing is given up while the worker lives."""

    def __init__(self, bus: Bus, timeout: float) -> None:
        self._bus, self._timeout = bus, timeout
        self._waiting: deque[_Item] = deque()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._publish_forever(), name="worker-outbound")

    async def stop(self, within: float) -> None:
        """Wait up to `within` seconds for what is still to be confirmed, then give up."""
        last = [item.confirmed for item in self._waiting]
        if last:
            await asyncio.wait(last, timeout=within)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def send(self, message: Message, pool: str = "", *, size: int = 1000, alone: bool = False) -> asyncio.Future[None]:
        """Queue it, in order. The future ends when the broker has confirmed it. `size`: about, in bytes."""
        item = _Item(message, asyncio.Future(loop=self._loop), pool, size, alone)
        self._waiting.append(item)
        self._news.set()
        return item.confirmed

    async def _publish_forever(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            await self._news.wait()
            if await self._publish(self._batch()):
                pause = _FIRST_PAUSE
                continue
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _batch(self) -> list[_Item]:
        taken: list[_Item] = []
        size = 0
        for item in self._waiting:
            if taken and (len(taken) >= _MAX_MESSAGES or size + item.size > _MAX_BYTES):
                break
            taken.append(item)
            size += item.size
        return taken

    async def _publish(self, batch: list[_Item]) -> bool:
        try:
            async with asyncio.timeout(self._timeout):
                await self._bus.publish(_wires(batch))
        except (BusUnavailable, OSError, TimeoutError) as problem:
            metrics.counter("worker_publish_retries_total", "Publishes of a worker that were not confirmed").inc()
            log.debug("publish_failed", messages=len(batch), problem=str(problem))
            return False
        except Exception:
            log.exception("publish_broken", messages=len(batch))
            return False
        self._confirm(batch)
        return True

    def _confirm(self, batch: list[_Item]) -> None:
        for item in batch:
            self._waiting.popleft()
            if not item.confirmed.done():
                item.confirmed.set_result(None)
        if not self._waiting:
            self._news.clear()


def _wires(batch: list[_Item]) -> list[Wire]:
    together = [(item.message, item.pool) for item in batch if not item.alone]
    wires = pack(together, _SOURCE)
    for item in batch:
        if item.alone:
            wires.extend(pack([(item.message, item.pool)], _SOURCE))
    return wires
