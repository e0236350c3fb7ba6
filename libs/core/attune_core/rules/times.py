"""Times in events: ISO 8601 or seconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def seconds_ago(value: Any, now: str) -> float:
    """How long before `now` the time was. Errors: ValueError with a sentence."""
    return (_time(now) - _time(value)).total_seconds()


def _time(value: Any) -> datetime:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        parsed = datetime.fromisoformat(value)
    except (ValueError, TypeError, OverflowError, OSError):
        raise ValueError("not a time: ISO 8601 or seconds since 1970 are needed") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
