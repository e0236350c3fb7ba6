"""The host's clock, for logs, caches and waiting. Durable time is PostgreSQL's (`Unit.now`)."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def utcnow() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds of a clock that never goes back; only differences mean anything."""
    return time.monotonic()


def wall() -> float:
    """Seconds of the host's clock, which goes on while the host sleeps. It may jump: never decide by it."""
    return time.time()


class Deadline:
    """A moment `seconds` from now to wait for at most; None never comes."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that remain, never below 0; infinity without an end."""
        return float("inf") if self._end is None else max(0.0, self._end - monotonic())

    @property
    def over(self) -> bool:
        return self.left <= 0
