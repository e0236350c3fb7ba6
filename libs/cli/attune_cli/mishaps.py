"""Errors that a user can meet become a sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from attune_cli.exits import Exit


def told(work: Callable[[], object]) -> None:
    """Do the work; what it raises ends the process."""
    from attune_core.errors import AttuneError

    try:
        _to_the_last_byte(work)
    except AttuneError as error:
        from attune_cli.problems import report

        sys.exit(report(error))
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            _hear_no_more()
            sys.exit(Exit.OK)
        from attune_cli.problems import report

        sys.exit(report(AttuneError(str(error), code="system_error")))


def _to_the_last_byte(work: Callable[[], object]) -> None:
    """What is still in the buffer is written here, where a reader who has gone away can be told."""
    try:
        work()
    finally:
        sys.stdout.flush()


def _hear_no_more() -> None:
    """The interpreter writes the rest of the buffer when it ends, and would complain of the broken pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
