"""So many within any second, minute or hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

PERIODS: Final = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` within `per`, a name of `PERIODS`."""

    limit: int
    per: str

    def __str__(self) -> str:
        return f"{self.limit} per {self.per}"

    @property
    def seconds(self) -> float:
        return PERIODS[self.per]


def stored_rate(value: Any) -> Rate | None:
    """From its JSON; None when nothing, or nothing usable, is said."""
    if not isinstance(value, Mapping):
        return None
    limit, per = value.get("limit"), value.get("per")
    good = isinstance(limit, int) and not isinstance(limit, bool) and 0 < limit <= MOST and per in PERIODS
    return Rate(limit, str(per)) if good and isinstance(limit, int) else None


def counted(rate: Rate, times: Sequence[float], now: float) -> list[float]:
    """The times of what counts at `now` (seconds), oldest first."""
    return [time for time in times if time > now - rate.seconds]


def wait(rate: Rate, times: Sequence[float], now: float) -> float:
    """Seconds until there is room; 0 when there is."""
    present = counted(rate, times, now)
    return 0.0 if len(present) < rate.limit else present[len(present) - rate.limit] + rate.seconds - now
