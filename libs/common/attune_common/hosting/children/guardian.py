"""Ends what the children of a process have started when that process is killed and can do nothing itself.

The kernel ends a child with its parent, but not what the child has started. A lease gives such work to others after a
while: nothing of it may go on by then. The guardian is a small process of its own that waits for the end of a pipe.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time

from attune_common.hosting.children import orphans, proc

MARK = "ATTUNE_PROCESS_MARK"
LIFE = secrets.token_hex(8)
"""This process: every mark of its children begins with it."""
_ROUNDS = 100
_PAUSE = 0.05


class _Guardian:
    """At most one. `process` is it, once the first child was started."""

    process: subprocess.Popen[bytes] | None = None


def watch() -> None:
    """Have a guardian from now on; anew when something has ended it. Without /proc there is nothing it could do."""
    if not os.path.exists("/proc/self") or (_Guardian.process is not None and _Guardian.process.poll() is None):
        return
    command = [sys.executable, "-I", "-m", __name__, LIFE]
    with orphans.starting():
        _Guardian.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, cwd="/",
        )  # fmt: skip
    orphans.know(_Guardian.process.pid)


def new_mark() -> str:
    """What one child and all that it starts carry in their environment."""
    return f"{LIFE}-{secrets.token_hex(8)}"


def variable(mark: str) -> bytes:
    """The mark as it stands in an environment."""
    return f"{MARK}={mark}".encode()


def _end(life: str) -> None:
    """Until nothing is found: what is being killed may start something meanwhile."""
    beginning = f"{MARK}={life}-".encode()
    for _ in range(_ROUNDS):
        found = [each.pid for each in proc.processes().values() if each.state not in "ZX"]
        marked = [pid for pid in found if proc.carries_beginning(pid, beginning)]
        for pid in marked:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not marked:
            return
        time.sleep(_PAUSE)


def main() -> None:
    """The process: asked to end, it stays, for whoever asks may have asked the group of its parent."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 1):
        pass
    _end(sys.argv[1])


if __name__ == "__main__":
    main()
