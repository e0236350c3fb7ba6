"""Ctrl-C before a command has begun, and after."""

from __future__ import annotations

import signal
import subprocess
import sys

_AT_A_TERMINAL = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
"""Whoever runs the tests may have them ignore it, and children inherit that."""
_INTERRUPTED = "import attune_cli.entry as e, os, signal; e._end_quietly(); os.kill(os.getpid(), signal.SIGINT)"
_IN_A_COMMAND = (
    "import attune_cli.entry as e; e._end_quietly(); from attune_cli import main; main.root(); "
    "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
)


def _run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)


def test_while_it_loads_it_just_ends() -> None:
    ended = _run(_AT_A_TERMINAL + _INTERRUPTED)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, "")


def test_a_command_may_tidy_up() -> None:
    assert "KeyboardInterrupt" in _run(_AT_A_TERMINAL + _IN_A_COMMAND).stderr


def test_whoever_ignores_it_keeps_ignoring_it() -> None:
    ignoring = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); " + _INTERRUPTED
    assert _run(ignoring).returncode == 0
