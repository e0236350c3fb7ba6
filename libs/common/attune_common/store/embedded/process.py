"""The server as a process: started under a keeper, seen through its pid file, ended whatever its state."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypedDict

from attune_common.store.embedded.account import Account

# The keeper ends when the server does. Its reader reads from a pipe that only our process holds open: when we end,
# however we end, the read ends, and the server gets SIGINT: a fast shutdown.
_KEEPER = """
exec 3<&0
"$@" </dev/null 3<&- & child=$!
{ read -r _ <&3; kill -INT "$child" 2>/dev/null; } & reader=$!
exec 3<&- </dev/null
wait "$child"; status=$?
kill "$reader" 2>/dev/null
exit "$status"
"""
_PAUSE = 0.02
_FAST, _IMMEDIATE, _KILLED = 15.0, 5.0, 5.0


class _Identity(TypedDict, total=False):
    """Arguments of subprocess that change the user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class PidFile:
    """What `postmaster.pid` tells: whose process, and whether it takes connections."""

    pid: int
    ready: bool


def read_pid_file(data: Path) -> PidFile | None:
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return PidFile(abs(int(lines[0])), len(lines) > 7 and lines[7].strip() == "ready")
    except (OSError, ValueError, IndexError):
        return None


def is_server(pid: int, data: Path) -> bool:
    """Whether process `pid` is a PostgreSQL server on `data`: after a reboot it may be anything else."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False
    command = command_of(pid)
    return "postgres" in command and str(data) in command


def command_of(pid: int) -> str:
    """The command line of a process; empty when it is gone or a zombie."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    if Path("/proc/self").exists():
        return ""
    answer = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
    return answer.stdout.strip()


def spawn(command: Sequence[str], account: Account, output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the server under its keeper, in a session of its own: Ctrl-C is for us alone."""
    return subprocess.Popen(
        ["/bin/sh", "-c", _KEEPER, "attune-postgres", *command],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=environment(),
        start_new_session=True,
        **as_user(account),
    )


def run(command: Sequence[str], account: Account, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's tools to its end."""
    return subprocess.run(
        list(command),
        input=text,
        capture_output=True,
        text=True,
        cwd="/",
        env=environment(),
        timeout=120,
        **as_user(account),
    )


def as_user(account: Account) -> _Identity:
    if not account.foreign:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def environment() -> dict[str, str]:
    """Ours without what steers PostgreSQL's tools from outside."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def end_server(pid: int, data: Path) -> None:
    """End a running server: fast, then at once, then by force. Whatever it was doing is recovered at its start."""
    steps = ((signal.SIGINT, _FAST), (signal.SIGQUIT, _IMMEDIATE), (signal.SIGKILL, _KILLED))
    for number, patience in steps:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_for(lambda: not is_server(pid, data), patience):
            return


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(_PAUSE)
    return True
