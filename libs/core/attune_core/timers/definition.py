"""What a timer is: a schedule, and what becomes of ticks that nobody was there to fire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum


class CatchUp(StrEnum):
    """Of the ticks that were missed: fire none, the last one, or all of them."""

    NONE = "none"
    LAST = "last"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Interval:
    """Every so often, counted from the time when the timer was registered."""

    every: timedelta


@dataclass(frozen=True, slots=True)
class Cron:
    """By the wall clock of `zone`. `fields` has six parts, the seconds first."""

    fields: tuple[str, ...]
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Once:
    """At one moment. `zone` is where it was meant."""

    at: datetime
    zone: tzinfo


Schedule = Interval | Cron | Once


@dataclass(frozen=True, slots=True)
class Timer:
    schedule: Schedule
    catch_up: CatchUp = CatchUp.LAST
