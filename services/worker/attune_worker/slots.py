"""How much runs at once: processes are dear, actions inside the worker are cheap."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from enum import StrEnum


class SlotKind(StrEnum):
    PROCESS = "process"
    LIGHT = "light"


class Slots:
    """Counted places of two kinds; who waits is served in order."""

    def __init__(self, processes: int, light: int) -> None:
        self._free = {SlotKind.PROCESS: processes, SlotKind.LIGHT: light}
        self._queues: dict[SlotKind, deque[asyncio.Future[None]]] = {kind: deque() for kind in SlotKind}

    def free(self, kind: SlotKind) -> int:
        return self._free[kind]

    def take(self, kind: SlotKind) -> bool:
        """A place now, or False. Those who wait come first."""
        if self._free[kind] <= 0 or self._queues[kind]:
            return False
        self._free[kind] -= 1
        return True

    async def wait(self, kind: SlotKind, within: float) -> bool:
        """A place within so many seconds, or False."""
        if self.take(kind):
            return True
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues[kind].append(place)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await asyncio.shield(place)
            return place.done()
        finally:
            self._leave(kind, place)

    def release(self, kind: SlotKind) -> None:
        self._free[kind] += 1
        queue = self._queues[kind]
        if queue and self._free[kind] > 0:
            self._free[kind] -= 1
            queue.popleft().set_result(None)

    def _leave(self, kind: SlotKind, place: asyncio.Future[None]) -> None:
        if not place.done():
            self._queues[kind].remove(place)
            place.cancel()
