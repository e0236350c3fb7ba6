"""Reading /proc: which processes there are and what they descend from. Everywhere else it finds nothing."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

_CACHE_SECONDS = 5.0
_threads: dict[int, tuple[float, int]] = {}


@dataclass(frozen=True, slots=True)
class Process:
    """`started` in clock ticks since boot; with the pid it names one process for ever. `state` Z is a zombie."""

    pid: int
    state: str
    parent: int
    group: int
    session: int
    threads: int
    started: int


def processes() -> dict[int, Process]:
    """Every process that can be seen, by pid."""
    try:
        names = os.listdir("/proc")
    except OSError:
        return {}
    found = (read(int(name)) for name in names if name.isdigit())
    return {process.pid: process for process in found if process is not None}


def read(pid: int) -> Process | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            text = stream.read()
    except OSError:
        return None
    fields = text[text.rindex(b")") + 2 :].split()
    state, parent, group, session = fields[0].decode(), int(fields[1]), int(fields[2]), int(fields[3])
    return Process(pid, state, parent, group, session, int(fields[17]), int(fields[19]))


def carries(pid: int, mark: bytes) -> bool:
    """Whether the process was started with `mark` (NAME=value) in its environment."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            return mark in stream.read().split(b"\0")
    except OSError:
        return False


def carries_beginning(pid: int, beginning: bytes) -> bool:
    """Whether a variable of its first environment begins like that (NAME=val)."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            return any(variable.startswith(beginning) for variable in stream.read().split(b"\0"))
    except OSError:
        return False


def children() -> list[int] | None:
    """The pids of this process's children, of all its threads; None when the kernel does not tell."""
    found: list[int] = []
    try:
        for thread in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{thread}/children", "rb") as stream:
                found.extend(int(pid) for pid in stream.read().split())
    except OSError:
        return None
    return found


def threads_of(uid: int) -> int:
    """How many threads the user has, as of some seconds ago."""
    now = time.monotonic()
    at, count = _threads.get(uid, (-_CACHE_SECONDS, 0))
    if now - at >= _CACHE_SECONDS:
        count = sum(process.threads for process in processes().values() if _owner(process.pid) == uid)
        _threads[uid] = (now, count)
    return count


def _owner(pid: int) -> int:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return -1
