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
    """The trees that run; whether all children but those `known` are of actions (a worker of its own)."""

    def __init__(self) -> None:
        self.trees: dict[int, Tree] = {}
        self.known: set[int] = set()
        self.only_actions = False
        self.subreaper = False
        self.starting: list[bytes] = []
        self.zombies: set[tuple[int, int]] = set()


_watched = _Watched()


def adopt() -> None:
    """Have orphans of the actions become children of this process, so that they can be found and reaped. The children
    that it has by now, as the database of `attune dev`, are no action's."""
    _watched.known.update(proc.children() or ())
    become_subreaper()
    _watched.subreaper = True


def claim_all() -> None:
    """Every child of this process is an action's from now on: strangers among them are ended."""
    _watched.only_actions = True


@contextlib.contextmanager
def starting(mark: bytes = b"") -> Iterator[None]:
    """A child exists that is not watched yet: nothing counts as nobody's meanwhile. `mark`: what it will carry."""
    _watched.starting.append(mark)
    try:
        yield
    finally:
        _watched.starting.remove(mark)


def watch(tree: Tree) -> None:
    _watched.trees[tree.root] = tree


def know(pid: int) -> None:
    """A child that is no action's, and stays."""
    _watched.known.add(pid)


def forget(tree: Tree) -> None:
    _watched.trees.pop(tree.root, None)
    if _watched.only_actions:
        sweep()


def none_left() -> bool:
    """Whether it is certain, without looking through /proc, that an ended action left nothing behind."""
    unknown = _unknown_children() if _watched.subreaper else None
    return unknown is not None and all(map(_is_being_started, unknown))


def _is_being_started(pid: int) -> bool:
    return any(mark and proc.carries(pid, mark) for mark in _watched.starting)


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
    ours = _watched.trees.keys() | _watched.known
    return None if children is None else [pid for pid in children if pid not in ours]


def _reap(zombies: list[proc.Process]) -> None:
    seen = {(process.pid, process.started) for process in zombies}
    for pid, _ in seen & _watched.zombies:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    _watched.zombies = seen - _watched.zombies
