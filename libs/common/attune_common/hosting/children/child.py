"""One child process: started confined, its output handed on as it comes, ended with everything it started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from attune_common.hosting.children import guardian, orphans, proc
from attune_common.hosting.children.confine import UNCONFINED, Confinement, confiner, environment
from attune_common.hosting.children.outlets import OnOutput, Outlets
from attune_common.hosting.children.tree import Tree

_EOF_PATIENCE = 2.0
_LOOK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Command:
    """What to start. `home` is the child's working, home and temporary folder; `descriptors` stay open in it."""

    arguments: Sequence[str]
    home: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    stdin: IO[bytes] | None = None
    descriptors: tuple[int, ...] = ()
    confinement: Confinement = UNCONFINED


class Child:
    """A running child process."""

    def __init__(self, transport: asyncio.SubprocessTransport, watcher: _Watcher, outlets: Outlets, mark: str) -> None:
        self._transport, self._watcher, self._outlets = transport, watcher, outlets
        self.pid: int = transport.get_pid()
        root = proc.read(self.pid)
        self.tree = Tree(self.pid, guardian.variable(mark), root.started if root else 0)
        orphans.watch(self.tree)

    async def run(self, grace: Callable[[], float]) -> int:
        """Wait for its end, then end what it left behind. The exit status, negative for a signal.

        When the caller is cancelled: TERM to all, `grace()` seconds, KILL to all.
        """
        try:
            return await self._status()
        except asyncio.CancelledError:
            await self._terminate(grace())
            raise
        finally:
            await self._finish()

    async def _status(self) -> int:
        """The loop tells it. A process that is gone without that would be waited for, and claimed, for ever."""
        while not self._watcher.exited.done():
            await asyncio.wait({self._watcher.exited}, timeout=_LOOK_SECONDS)
            if not self._watcher.exited.done() and self._is_gone():
                self._watcher.exited.set_result(-signal.SIGKILL)
        return self._watcher.exited.result()

    def _is_gone(self) -> bool:
        root = proc.read(self.pid)
        return self.tree.started > 0 and (root is None or root.started != self.tree.started)

    async def _terminate(self, grace: float) -> None:
        if grace <= 0:
            return
        self.tree.send(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await asyncio.shield(self._watcher.exited)

    async def _finish(self) -> None:
        if not (self._watcher.exited.done() and orphans.none_left()):
            await self.tree.kill()
        await self._outlets.drained(_EOF_PATIENCE)
        with contextlib.suppress(ProcessLookupError):
            self._transport.close()
        orphans.forget(self.tree)


class _Watcher(asyncio.SubprocessProtocol):
    def __init__(self) -> None:
        self._transport: asyncio.SubprocessTransport | None = None
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def process_exited(self) -> None:
        status = self._transport.get_returncode() if self._transport else None
        if not self.exited.done():
            self.exited.set_result(-signal.SIGKILL if status is None else status)


async def start(command: Command, on_output: OnOutput) -> Child:
    """Errors: OSError when the program cannot be started."""
    guardian.watch()
    mark = guardian.new_mark()
    watcher, outlets = _Watcher(), Outlets()
    await outlets.open(on_output, command.confinement.uid)
    try:
        with orphans.starting(guardian.variable(mark)):
            transport, _ = await asyncio.get_running_loop().subprocess_exec(
                lambda: watcher, *command.arguments, **_options(command, outlets, mark)
            )
            return Child(transport, watcher, outlets, mark)
    except BaseException:
        outlets.give_up()
        raise
    finally:
        outlets.handed_over()


def _options(command: Command, outlets: Outlets, mark: str) -> dict[str, Any]:
    return {
        "stdin": command.stdin if command.stdin is not None else asyncio.subprocess.DEVNULL,
        "stdout": outlets.ends[0],
        "stderr": outlets.ends[1],
        "env": environment({**command.variables, guardian.MARK: mark}, os.fspath(command.home)),
        "cwd": os.fspath(command.home),
        "pass_fds": command.descriptors,
        "preexec_fn": confiner(command.confinement),
    }
