"""All that an action has started: its session, its descendants, and daemons that left both but keep its mark.

Killing the process group is not enough: a child that calls setsid leaves it, one that forks twice leaves the tree.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass

from attune_common.hosting.children import proc

_ROUNDS = 100
_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Tree:
    """`root` is the pid of the session's leader; `mark` is in the environment of all it started."""

    root: int
    mark: bytes
    started: int

    def members(self) -> list[proc.Process]:
        """The processes that live or wait to be reaped, the root included."""
        everything = proc.processes()
        found = {pid for pid, process in everything.items() if self._belongs(process)}
        return [everything[pid] for pid in _with_descendants(found, everything)]

    def _belongs(self, process: proc.Process) -> bool:
        if self.root in (process.pid, process.session, process.group):
            return True
        return process.started >= self.started and proc.carries(process.pid, self.mark)

    def send(self, number: signal.Signals) -> int:
        """Send it to all that live; how many there were. Without /proc: to the group."""
        return self._send(self.members(), number)

    async def kill(self) -> bool:
        """SIGKILL until nothing lives; False when something could not be killed within two seconds."""
        for _ in range(_ROUNDS):
            members = self.members()
            for process in members:
                _reap(process, self.root)
            if not self._send(members, signal.SIGSTOP):
                return True
            self.send(signal.SIGKILL)
            await asyncio.sleep(_PAUSE)
        return False

    def _send(self, members: list[proc.Process], number: signal.Signals) -> int:
        if not members and not os.path.exists("/proc/self"):
            return _send_group(self.root, number)
        return _send(members, number)


def _with_descendants(found: set[int], everything: dict[int, proc.Process]) -> set[int]:
    offspring: dict[int, list[int]] = {}
    for pid, process in everything.items():
        offspring.setdefault(process.parent, []).append(pid)
    rest = list(found)
    while rest:
        for pid in offspring.get(rest.pop(), ()):
            if pid not in found:
                found.add(pid)
                rest.append(pid)
    return found - {os.getpid()}


def _send(members: list[proc.Process], number: signal.Signals) -> int:
    living = [process for process in members if process.state not in "ZX"]
    for process in living:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, number)
    return len(living)


def _send_group(group: int, number: signal.Signals) -> int:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return 0
    return 1


def _reap(process: proc.Process, root: int) -> None:
    """Orphans are ours to wait for; the root belongs to the event loop."""
    if process.state == "Z" and process.parent == os.getpid() and process.pid != root:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
