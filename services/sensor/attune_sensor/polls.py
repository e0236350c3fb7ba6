"""A polling sensor is asked at equal intervals, never while it still answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from attune_common.runtime.clock import monotonic


class Polls:
    """`every`: seconds from the beginning of a poll to that of the next; None: nothing is asked."""

    def __init__(self, every: float | None, tell: Callable[[dict[str, Any]], None]) -> None:
        self._every, self._tell = every, tell
        self._free = asyncio.Event()
        self._free.set()

    def done(self) -> None:
        """The sensor has answered."""
        self._free.set()

    async def around(self, running: Coroutine[Any, Any, int]) -> int:
        """Poll while the process runs; its exit status."""
        asking = asyncio.create_task(self._ask())
        try:
            return await running
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _ask(self) -> None:
        while self._every is not None:
            asked = monotonic()
            self._free.clear()
            self._tell({"type": "poll"})
            await self._free.wait()
            await asyncio.sleep(max(0.0, asked + self._every - monotonic()))
