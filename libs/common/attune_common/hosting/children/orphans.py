"""The housekeeping of a subreaper: orphans that nobody waits for, and those that hide whose they were.

A process that forks twice and empties its environment cannot be told from another action's. It is ended as soon as
every action that ran when it started has ended, for then it is certainly nobody's.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

from attune_common.hosting.children import proc
from attune_common.hosting.children.confine import become_subreaper

if TYPE_CHECKING:
    from attune_common.hosting.children.tree import Tree


class _Watched:
    """The trees that run, and whether this process has no children but actions (a worker of its own)."""

    def __init__(self) -> None:
        self.trees: dict[int, Tree] = {}
        self.only_actions = False
        self.subreaper = False
        self.starting = 0
        self.zombies: set[tuple[int, int]] = set()


_watched = _Watched()


def adopt() -> None:
    """Have orphans of the actions become children of this process, so that they can be found and reaped."""
    become_subreaper()
    _watched.subreaper = True


def claim_all() -> None:
    """Every child of this process is an action's from now on: strangers among them are ended."""
    _watched.only_actions = True


@contextlib.contextmanager
def starting() -> Iterator[None]:
    """A child exists that is not watched yet: nothing counts as nobody's meanwhile."""
    _watched.starting += 1
    try:
        yield
    finally:
        _watched.starting -= 1


def watch(tree: Tree) -> None:
    _watched.trees[tree.root] = tree


def forget(tree: Tree) -> None:
    _watched.trees.pop(tree.root, None)
    if _watched.only_actions:
        sweep()


def none_left() -> bool:
    """Whether it is certain, without looking through /proc, that an ended action left nothing behind."""
    return _watched.subreaper and not _watched.starting and _unknown_children() == []


def sweep() -> int:
    """End strangers that started after every running action had; reap zombies met twice. How many were ended.

    Not while a child is being started: it looks like nobody's, and whoever started it waits for its status.
    """
    if _watched.starting:
        return 0
    unknown = _unknown_children() or []
    strangers = [process for process in map(proc.read, unknown) if process is not None]
    _reap([process for process in strangers if process.state == "Z" and process.session != os.getsid(0)])
    if not _watched.only_actions:
        return 0
    oldest = min((tree.started for tree in _watched.trees.values()), default=None)
    nobodys = [p for p in strangers if p.state != "Z" and (oldest is None or p.started < oldest)]
    for process in nobodys:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, signal.SIGKILL)
    return len(nobodys)


def _unknown_children() -> list[int] | None:
    children = proc.children()
    return None if children is None else [pid for pid in children if pid not in _watched.trees]


def _reap(zombies: list[proc.Process]) -> None:
    seen = {(process.pid, process.started) for process in zombies}
    for pid, _ in seen & _watched.zombies:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    _watched.zombies = seen - _watched.zombies
