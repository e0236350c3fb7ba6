"""Lines for the execution's log, with their level in front. `print` does as well; this keeps stdout free."""

from __future__ import annotations

import sys


def debug(message: object) -> None:
    _write("DEBUG", message)


def info(message: object) -> None:
    _write("INFO", message)


def warning(message: object) -> None:
    _write("WARNING", message)


def error(message: object) -> None:
    _write("ERROR", message)


def _write(level: str, message: object) -> None:
    print(f"{level} {message}", file=sys.stderr, flush=True)
