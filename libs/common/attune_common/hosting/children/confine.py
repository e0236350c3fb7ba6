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
MORE_PROCESSES = 1024
DESCRIPTORS = 4096
FILE_BYTES = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class Confinement:
    """`memory` in bytes and `cpu_seconds` per process (None: unlimited); `uid` None keeps the worker's user.

    `processes`: beyond those that the user has already. `files`: open ones; `file_bytes`: the largest one written.
    """

    memory: int | None = None
    cpu_seconds: int | None = None
    uid: int | None = None
    processes: int = MORE_PROCESSES
    files: int = DESCRIPTORS
    file_bytes: int = FILE_BYTES


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
        for kind, value, hard in limits:
            resource.setrlimit(kind, (value, hard))
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


def _limits(confinement: Confinement) -> list[tuple[int, int, int]]:
    """(kind, soft, hard). Beyond the CPU time a process is told by SIGXCPU, and a second later it is killed."""
    wanted = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, confinement.files),
        (resource.RLIMIT_FSIZE, confinement.file_bytes),
    ]
    if confinement.memory:
        wanted.append((resource.RLIMIT_DATA, confinement.memory))
    if confinement.cpu_seconds:
        wanted.append((resource.RLIMIT_CPU, confinement.cpu_seconds))
    if hasattr(resource, "RLIMIT_NPROC"):
        wanted.append((resource.RLIMIT_NPROC, _processes(confinement)))
    more = {resource.RLIMIT_CPU: 1}
    return [(kind, _allowed(kind, value), _allowed(kind, value + more.get(kind, 0))) for kind, value in wanted]


def _processes(confinement: Confinement) -> int:
    """The limit counts all threads of the user, also those that are no action's."""
    uid = os.getuid() if confinement.uid is None else confinement.uid
    return proc.threads_of(uid) + confinement.processes


def _allowed(kind: int, value: int) -> int:
    """No limit can be raised above the one this process has (and needs not be, then)."""
    hard = resource.getrlimit(kind)[1]
    return value if hard == resource.RLIM_INFINITY else min(value, hard)
