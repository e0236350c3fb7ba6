"""Where a child prints: pipes, which programs may also open by name (`echo x > /dev/stderr`).

The event loop's own are sockets, and those cannot be opened.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Literal

from attune_common.runtime import pipes

Stream = Literal["stdout", "stderr"]
OnOutput = Callable[[Stream, bytes], None]
_STREAMS: tuple[Stream, ...] = ("stdout", "stderr")


class _Outlet(asyncio.Protocol):
    def __init__(self, stream: Stream, on_output: OnOutput, closed: asyncio.Future[None]) -> None:
        self._stream, self._on_output, self._closed = stream, on_output, closed

    def data_received(self, data: bytes) -> None:
        self._on_output(self._stream, data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._closed.done():
            self._closed.set_result(None)


class Outlets:
    """`ends` are the child's: stdout, stderr. They are closed here as soon as it has them."""

    def __init__(self) -> None:
        self.ends: list[int] = []
        self._closed: list[asyncio.Future[None]] = []
        self._transports: list[asyncio.BaseTransport] = []

    async def open(self, on_output: OnOutput, uid: int | None) -> None:
        """`uid`: the user whose programs may open them. Errors: OSError, with nothing left open."""
        try:
            for stream in _STREAMS:
                await self._open_one(stream, on_output, uid)
        except BaseException:
            self.give_up()
            raise

    async def _open_one(self, stream: Stream, on_output: OnOutput, uid: int | None) -> None:
        loop = asyncio.get_running_loop()
        closed: asyncio.Future[None] = loop.create_future()
        reading, writing = os.pipe()
        self.ends.append(writing)
        self._closed.append(closed)
        file = pipes.for_loop(reading, "rb")
        if uid is not None:
            os.fchown(writing, uid, -1)
        transport, _ = await loop.connect_read_pipe(lambda: _Outlet(stream, on_output, closed), file)
        self._transports.append(transport)

    def handed_over(self) -> None:
        """The child has its ends: what it leaves open is what its own processes have."""
        while self.ends:
            os.close(self.ends.pop())

    async def drained(self, seconds: float) -> None:
        """Until all has been read, or so long; then nothing more is."""
        await asyncio.wait(self._closed, timeout=seconds)
        self.give_up()

    def give_up(self) -> None:
        self.handed_over()
        for transport in self._transports:
            transport.close()
