"""What a child process may have: its limits, its user, its environment and a folder of its own."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from attune_common.hosting.children import proc

_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_SET_PARENT_DEATH_SIGNAL, _SET_SUBREAPER, _SET_NO_NEW_PRIVS = 1, 36, 38
_INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
_MORE_PROCESSES = 1024
_DESCRIPTORS = 4096
_FILE_BYTES = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class Confinement:
    """`memory` in bytes and `cpu_seconds` per process (None: unlimited); `uid` None keeps the worker's user."""

    memory: int | None = None
    cpu_seconds: int | None = None
    uid: int | None = None


UNCONFINED = Confinement()


def become_subreaper() -> None:
    """Have orphans of the actions become children of this process, so that they can be found and reaped."""
    if _LIBC is not None:
        _LIBC.prctl(_SET_SUBREAPER, 1, 0, 0, 0)


def environment(additional: Mapping[str, str], home: str) -> dict[str, str]:
    """An empty environment but for a short list, the additions, and a home and temporary folder of its own."""
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    own = {"HOME": home, "TMPDIR": os.path.join(home, "tmp")}
    return {"PATH": os.defpath, "LANG": "C.UTF-8", **kept, **additional, **own}


def confiner(confinement: Confinement) -> Callable[[], None]:
    """What the child does between fork and exec. Everything is looked up here, in the parent."""
    limits = _limits(confinement)
    parent = os.getpid()
    uid = confinement.uid

    def confine() -> None:
        os.setsid()
        os.umask(0o077)
        for kind, value in limits:
            resource.setrlimit(kind, (value, value))
        if uid is not None:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
        if _LIBC is not None:
            _LIBC.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            _LIBC.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(127)

    return confine


def _limits(confinement: Confinement) -> list[tuple[int, int]]:
    wanted = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _DESCRIPTORS),
        (resource.RLIMIT_FSIZE, _FILE_BYTES),
    ]
    if confinement.memory:
        wanted.append((resource.RLIMIT_DATA, confinement.memory))
    if confinement.cpu_seconds:
        wanted.append((resource.RLIMIT_CPU, confinement.cpu_seconds))
    if hasattr(resource, "RLIMIT_NPROC"):
        wanted.append((resource.RLIMIT_NPROC, _processes(confinement.uid)))
    return [(kind, _allowed(kind, value)) for kind, value in wanted]


def _processes(uid: int | None) -> int:
    """The limit counts all threads of the user, also those that are no action's."""
    return proc.threads_of(os.getuid() if uid is None else uid) + _MORE_PROCESSES


def _allowed(kind: int, value: int) -> int:
    """No limit can be raised above the one this process has (and needs not be, then)."""
    hard = resource.getrlimit(kind)[1]
    return value if hard == resource.RLIM_INFINITY else min(value, hard)
