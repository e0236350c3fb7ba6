"""The program of a sensor as a child process: lines in, lines out, what it prints, and its certain end."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attune_common.hosting.children import child
from attune_common.hosting.children.child import Child, Command
from attune_common.hosting.children.confine import Confinement
from attune_common.hosting.children.outlets import OnOutput
from attune_common.runtime import pipes
from attune_common.runtime.settings import Settings
from attune_sensor.emit import encoded
from attune_sensor.protocol import LONGEST_LINE, TOO_LONG

OnLine = Callable[[bytes], Awaitable[None]]
_LAST_LINES = 2.0


@dataclass(frozen=True, slots=True)
class Program:
    """`home`: the working, home and temporary folder of the process."""

    arguments: Sequence[str]
    home: Path
    variables: Mapping[str, str] = field(default_factory=dict)


class SensorProcess:
    """A running program. `tell` it something, `run` it to its end."""

    def __init__(self, started: Child, stdin: asyncio.WriteTransport, lines: asyncio.StreamReader) -> None:
        self._child, self._stdin, self._lines = started, stdin, lines
        self.pid = started.pid

    def tell(self, message: dict[str, Any]) -> None:
        """One line to its stdin; nothing when that is closed."""
        if not self._stdin.is_closing():
            self._stdin.write(encoded(message))

    async def run(self, on_line: OnLine, grace: Callable[[], float]) -> int:
        """Hand on its lines until it ends; the exit status. When cancelled: stop, `grace()` s, TERM, KILL."""
        reading = asyncio.create_task(self._read(on_line))
        try:
            status = await self._end(grace)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_LINES):
                    await reading
            return status
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            if not self._stdin.is_closing():
                self._stdin.abort()

    async def _end(self, grace: Callable[[], float]) -> int:
        running = asyncio.create_task(self._child.run(lambda: min(grace(), 1.0)))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self.tell({"type": "stop"})
            self._stdin.close()
            await asyncio.wait({running}, timeout=grace())
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            raise

    async def _read(self, on_line: OnLine) -> None:
        while True:
            try:
                line = await self._lines.readline()
            except ValueError:
                line = TOO_LONG
            if not line:
                return
            if line.strip():
                await on_line(line)


async def start(program: Program, settings: Settings, on_output: OnOutput) -> SensorProcess:
    """Errors: OSError when the program cannot be started."""
    uid = settings.worker_uid
    with _pipe(uid) as (stdin_end, ours_to_write), _pipe(uid) as (ours_to_read, lines_end):
        variables = {
            **program.variables,
            "ATTUNE_SENSOR_FD": str(lines_end),
            "ATTUNE_SENSOR_OUT": f"/dev/fd/{lines_end}",
        }
        command = Command(
            arguments=program.arguments,
            home=program.home,
            variables=variables,
            stdin=os.fdopen(os.dup(stdin_end), "rb", buffering=0),
            descriptors=(lines_end,),
            confinement=Confinement(settings.worker_memory or None, None, uid),
        )
        assert command.stdin is not None
        with command.stdin:
            started = await child.start(command, on_output)
        return await _connected(started, os.dup(ours_to_write), os.dup(ours_to_read))


@contextlib.contextmanager
def _pipe(uid: int | None) -> Iterator[tuple[int, int]]:
    """(read end, write end), both closed at the end of the block; those who need one longer have a copy."""
    reading, writing = os.pipe()
    try:
        if uid is not None:
            os.fchown(writing, uid, uid)
        yield reading, writing
    finally:
        os.close(reading)
        os.close(writing)


async def _connected(started: Child, writing: int, reading: int) -> SensorProcess:
    loop = asyncio.get_running_loop()
    stdin, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, pipes.for_loop(writing, "wb"))
    lines = asyncio.StreamReader(limit=LONGEST_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), pipes.for_loop(reading, "rb"))
    return SensorProcess(started, stdin, lines)
