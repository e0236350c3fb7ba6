"""The processes of a demonstration: started with a log file each, ended together, never left behind."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from attune_cli.processes import end_with_parent
from attune_core.errors import AttuneError

GRACE_SECONDS = 10.0
_TAIL_LINES = 25


class ChildEnded(AttuneError):
    """A process of the platform ended while it was needed."""

    code = "process_ended"


@dataclass(frozen=True)
class Child:
    name: str
    process: asyncio.subprocess.Process
    log: Path

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    def tail(self) -> str:
        """The last lines of what it wrote."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-_TAIL_LINES:])


class Children:
    """Use as `async with Children(folder)`: leaving ends all of them, in the reverse order of their start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: list[Child] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in reversed(self._children):
            await end(child)

    async def attune(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Child:
        """Start `attune <arguments>`; what it writes goes to `<name>.log`."""
        log = self._folder / f"{name}.log"
        with log.open("ab") as stream:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "attune_cli",
                *arguments,
                env=dict(environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                preexec_fn=end_with_parent,
            )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def check(self) -> None:
        """Errors: ChildEnded with the last lines of the first process that is gone."""
        for child in self._children:
            if not child.alive:
                raise ChildEnded(
                    f"`attune {child.name}` ended with status {child.process.returncode}", hint=child.tail()
                )


async def end(child: Child) -> None:
    """TERM, ten seconds of grace, KILL."""
    if not child.alive:
        return
    child.process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(child.process.wait(), GRACE_SECONDS)
    except TimeoutError:
        child.process.kill()
        await child.process.wait()
