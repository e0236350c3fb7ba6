"""Every tick around changes of the clocks, held against the rules read literally: minute by minute, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest

from attune_core.timers.cron import last_tick, ticks_after
from attune_core.timers.definition import Cron
from attune_core.timers.reading import read_timer

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Europe/Dublin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 11, 1)),
    ("America/Santiago", date(2026, 4, 5)),
    ("America/Santiago", date(2026, 9, 6)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Africa/Cairo", date(2026, 10, 30)),
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("Antarctica/Troll", date(2026, 3, 29)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Pacific/Apia", date(2011, 12, 30)),
]
FIXED = [({30}, {2}, "30 2 * * *"), ({0}, {0}, "0 0 * * *"), ({15}, {1, 2, 3}, "15 1-3 * * *")]
PASSING = [
    ({0, 30}, set(range(24)), "*/30 * * * *"),
    ({0, 15, 30, 45}, {2}, "*/15 2 * * *"),
    ({5}, set(range(0, 24, 2)), "5 */2 * * *"),
]
THAT_DAY = [({0, 20, 40}, {0}, "*/20 0"), ({0, 30}, set(range(24)), "*/30 *")]


def schedule(cron: str, zone: str) -> Cron:
    timer, faults = read_timer({"cron": cron, "timezone": zone})
    assert (faults, timer is not None) == ([], True)
    assert timer is not None
    assert isinstance(timer.schedule, Cron)
    return timer.schedule


def minutes(day: date, zone: str) -> Iterator[datetime]:
    """Every minute around the day, by the clock of the zone."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - 2 * DAY
    return ((start + number * MINUTE).astimezone(ZoneInfo(zone)) for number in range(4 * 24 * 60))


def passing(day: date, zone: str, at: set[int], hours: set[int]) -> list[datetime]:
    return [found for found in minutes(day, zone) if found.minute in at and found.hour in hours]


def fixed(day: date, zone: str, at: set[int], hours: set[int]) -> list[datetime]:
    """The first minute of each wanted local time that is shown, else the first that is later on that day or after."""
    seen = list(minutes(day, zone))
    walls = [found.replace(tzinfo=None, fold=0) for found in seen]
    ticks = set()
    for days in range(-3, 4):
        for hour in hours:
            for minute in at:
                wanted = datetime(day.year, day.month, day.day, hour, minute) + days * DAY
                first = next((number for number, wall in enumerate(walls) if wall >= wanted), None)
                if first:
                    ticks.add(seen[first])
    return sorted(ticks, key=lambda tick: tick.astimezone(UTC))


def check(cron: str, zone: str, day: date, wanted: list[datetime]) -> None:
    found = schedule(cron, zone)
    first, *_, last = minutes(day, zone)
    expected = [tick.astimezone(UTC) for tick in wanted if first < tick]
    assert list(takewhile(lambda tick: tick <= last, ticks_after(found, first))) == expected
    for tick, following in pairwise(expected):
        assert last_tick(found, following - timedelta(seconds=1)) == tick


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_times_that_pass_are_followed_and_fixed_ones_fire_once(zone: str, day: date) -> None:
    for at, hours, cron in PASSING:
        check(cron, zone, day, passing(day, zone, at, hours))
    for at, hours, cron in FIXED:
        check(cron, zone, day, fixed(day, zone, at, hours))


@pytest.mark.parametrize(("zone", "day"), CHANGES[:-1])
def test_on_the_very_day_nothing_fires_in_the_gap(zone: str, day: date) -> None:
    for at, hours, start in THAT_DAY:
        wanted = [tick for tick in passing(day, zone, at, hours) if tick.date() == day]
        check(f"{start} {day.day} {day.month} *", zone, day, wanted)
