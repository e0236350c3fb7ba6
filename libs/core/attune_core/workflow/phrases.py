"""Words for times, errors and lists, as sentences about runs use them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from attune_core.model.status import OutcomeStatus

_LONGEST: Final = 300
_ENDED: Final = {
    OutcomeStatus.SUCCEEDED: "succeeded",
    OutcomeStatus.FAILED: "failed",
    OutcomeStatus.TIMED_OUT: "timed out",
    OutcomeStatus.CANCELLED: "was cancelled",
    OutcomeStatus.SKIPPED: "was skipped",
}
_UNITS: Final = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))


def span(seconds: float) -> str:
    """`12 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`."""
    left = max(0, round(seconds))
    for size, unit, part, smaller in _UNITS:
        if left >= size:
            rest = left % size // part
            return f"{left // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{left} s"


def since(then: datetime | None, now: datetime) -> str:
    """`, for 12 s now`, empty without a time."""
    return "" if then is None else f", for {span((now - then).total_seconds())} now"


def until(then: datetime | None, now: datetime) -> str:
    """When it is due, absolutely and from now."""
    if then is None:
        return "no end is set"
    left = (then - now).total_seconds()
    place = f"{then.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"{place} (in {span(left)})" if left > 0 else f"{place} (due now)"


def ended(status: OutcomeStatus) -> str:
    return _ENDED[status]


def listed(names: Iterable[str], last: str = "and", limit: int = 8) -> str:
    """`a`, `b` and `c`, each quoted; what is beyond the limit is counted."""
    found = [f"`{name}`" for name in names]
    if len(found) > limit:
        found = [*found[: limit - 1], f"{len(found) - limit + 1} more"]
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} {last} {found[-1]}" if found else "nothing"


def told(error: Mapping[str, Any] | None) -> str:
    """The message of an error and its type."""
    if not error:
        return "no reason was given"
    message, kind = short(str(error.get("message") or "")), str(error.get("type") or "")
    if not message:
        return kind or "no reason was given"
    return f"{message} [{kind}]" if kind and kind not in message else message


def short(text: str, limit: int = _LONGEST) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
