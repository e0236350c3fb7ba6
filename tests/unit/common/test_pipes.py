"""An end of a pipe is closed once, on either event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import pytest
import uvloop

from attune_common.runtime import pipes


async def _read_to_the_end() -> tuple[int, bool]:
    """The descriptor, and whether its file closes it, too."""
    reading, writing = os.pipe()
    file = pipes.for_loop(reading, "rb")
    lines = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), file)
    os.write(writing, b"x\n")
    os.close(writing)
    assert await lines.read() == b"x\n"
    transport.close()
    await asyncio.sleep(0)
    return reading, getattr(file, "closefd")  # noqa: B009 - files in general have none


@pytest.mark.parametrize(("new_loop", "file_closes"), [(uvloop.new_event_loop, False), (asyncio.new_event_loop, True)])
def test_whoever_closes_it_is_alone(new_loop: Callable[[], asyncio.AbstractEventLoop], file_closes: bool) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        descriptor, closes = runner.run(_read_to_the_end())
    assert closes is file_closes
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
