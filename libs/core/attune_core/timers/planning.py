"""Which ticks a timer fires now, and when it is looked at again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import assert_never

from attune_core.timers import cron
from attune_core.timers.definition import CatchUp, Cron, Interval, Once, Schedule, Timer


@dataclass(frozen=True, slots=True)
class Place:
    """Where a timer is. `anchor`: when it was registered. `done`: every tick up to here was dealt with."""

    anchor: datetime
    done: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """`fire`: the ticks to fire, oldest first. `done`: see Place. `due`: the next tick; None: there are no more."""

    fire: tuple[datetime, ...]
    done: datetime
    due: datetime | None


def plan(timer: Timer, place: Place, now: datetime, grace: timedelta, most: int) -> Plan:
    """What to do at `now`. A tick that is later than `grace` was missed, and `catch_up` decides about it.

    `most`: ticks to fire at once; what is left over is due at once.
    """
    now = now.astimezone(UTC)
    start = place.done
    fire: list[datetime] = []
    if timer.catch_up is not CatchUp.ALL and start < now - grace:
        start = now - grace
        missed = _last_tick(timer.schedule, place.anchor, start) if timer.catch_up is CatchUp.LAST else None
        if missed is not None and missed > place.done:
            fire.append(missed)
    due = takewhile(lambda tick: tick <= now, ticks_after(timer.schedule, place.anchor, start))
    fire += islice(due, max(most - len(fire), 0))
    done = fire[-1] if len(fire) >= most else max(now, place.done)
    return Plan(tuple(fire), done, next(ticks_after(timer.schedule, place.anchor, done), None))


def ticks_after(schedule: Schedule, anchor: datetime, moment: datetime) -> Iterator[datetime]:
    """The ticks after a moment, in UTC, for as long as there are any."""
    match schedule:
        case Interval(every):
            return _steps(anchor, every, (moment - anchor) // every + 1)
        case Cron():
            return cron.ticks_after(schedule, moment)
        case Once(at):
            return iter((at,) if at > moment else ())
        case _:
            assert_never(schedule)


def _steps(anchor: datetime, every: timedelta, first: int) -> Iterator[datetime]:
    number = max(first, 1)
    while True:
        yield (anchor + number * every).astimezone(UTC)
        number += 1


def _last_tick(schedule: Schedule, anchor: datetime, until: datetime) -> datetime | None:
    match schedule:
        case Interval(every):
            number = (until - anchor) // every
            return (anchor + number * every).astimezone(UTC) if number >= 1 else None
        case Cron():
            return cron.last_tick(schedule, until)
        case Once(at):
            return at if at <= until else None
        case _:
            assert_never(schedule)
