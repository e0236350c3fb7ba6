"""A polling sensor is asked at equal intervals, never while it still answers, and has to answer in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from attune_common.runtime.clock import monotonic


class PollTooLong(Exception):
    """The text says how long it was waited for."""


class Polls:
    """`every`: seconds from the beginning of a poll to that of the next; None: nothing is asked.

    `longest`: seconds that one may take; None: any.
    """

    def __init__(self, every: float | None, longest: float | None, tell: Callable[[dict[str, Any]], None]) -> None:
        self._every, self._longest, self._tell = every, longest, tell
        self._free = asyncio.Event()
        self._free.set()

    def done(self) -> None:
        """The sensor has answered."""
        self._free.set()

    async def around(self, running: Coroutine[Any, Any, int]) -> int:
        """Poll while the process runs; its exit status. Errors: PollTooLong, when the process is ended too."""
        if self._every is None:
            return await running
        process, asking = asyncio.create_task(running), asyncio.create_task(self._ask(self._every))
        try:
            await asyncio.wait({process, asking}, return_when=asyncio.FIRST_COMPLETED)
            return process.result() if process.done() else asking.result()
        finally:
            asking.cancel()
            process.cancel()
            await asyncio.gather(asking, process, return_exceptions=True)

    async def _ask(self, every: float) -> NoReturn:
        while True:
            asked = monotonic()
            self._free.clear()
            self._tell({"type": "poll"})
            try:
                async with asyncio.timeout(self._longest):
                    await self._free.wait()
            except TimeoutError:
                raise PollTooLong(f"a poll did not end within {self._longest:g} s") from None
            await asyncio.sleep(max(0.0, asked + every - monotonic()))
