"""Which ticks fire: on time, after a stop, around a change of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_core.timers.definition import Timer
from attune_core.timers.planning import Place, Plan, plan, ticks_after
from attune_core.timers.reading import read_timer

GRACE = timedelta(seconds=10)
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def timer(**raw: Any) -> Timer:
    found, faults = read_timer(raw)
    assert faults == []
    assert found is not None
    return found


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def planned(wanted: Timer, now: float, *, done: float = 0, most: int = 100) -> Plan:
    return plan(wanted, Place(START, at(done)), at(now), GRACE, most)


def seconds(found: Plan) -> list[float]:
    return [(tick - START).total_seconds() for tick in found.fire]


def test_a_new_timer_waits_for_its_first_tick() -> None:
    found = planned(timer(interval=30), 0)
    assert found == Plan((), START, at(30))


def test_a_tick_that_is_due_fires_and_the_next_is_awaited() -> None:
    found = planned(timer(interval=30), 30.2)
    assert seconds(found) == [30]
    assert found.due == at(60)
    assert planned(timer(interval=30), 30.3, done=30.2).fire == ()


def test_an_interval_keeps_to_its_anchor_however_late_it_is_fired() -> None:
    assert planned(timer(interval=30), 37, done=0).due == at(60)


@pytest.mark.parametrize(("catch_up", "fired"), [("none", []), ("last", [990]), ("all", list(range(30, 1000, 30)))])
def test_missed_ticks(catch_up: str, fired: list[float]) -> None:
    found = planned(timer(interval=30, catch_up=catch_up), 1_001, done=1)
    assert seconds(found) == fired
    assert found.due == at(1_020)


def test_ticks_within_the_grace_were_not_missed() -> None:
    found = planned(timer(interval=1, catch_up="none"), 5.5, done=0)
    assert seconds(found) == [1, 2, 3, 4, 5]
    assert seconds(planned(timer(interval=1, catch_up="last"), 100.5)) == [90, *range(91, 101)]


def test_many_ticks_are_fired_in_portions() -> None:
    wanted, done, fired = timer(interval=1, catch_up="all"), 0.0, []
    while True:
        found = planned(wanted, 1_000, done=done, most=300)
        fired += seconds(found)
        done = (found.done - START).total_seconds()
        if found.due is None or found.due > at(1_000):
            break
    assert fired == list(range(1, 1_001))


def test_a_clock_that_goes_back_fires_nothing_twice() -> None:
    found = planned(timer(interval=30), 10, done=65)
    assert found == Plan((), at(65), at(90))


def test_a_date_fires_once() -> None:
    once = timer(date="2026-01-01T12:00:30Z")
    assert seconds(planned(once, 31)) == [30]
    assert planned(once, 31).due is None
    assert planned(once, 5_000).fire == (at(30),)
    assert planned(timer(date="2026-01-01T12:00:30Z", catch_up="none"), 5_000) == Plan((), at(5_000), None)


def test_a_date_before_the_registration_never_fires() -> None:
    assert planned(timer(date="2025-12-31T12:00:00Z", catch_up="all"), 0) == Plan((), START, None)


def test_a_week_of_missed_seconds_is_passed_over_quickly() -> None:
    every_second = timer(cron="* * * * * *", catch_up="last")
    found = plan(every_second, Place(START, START), START + timedelta(days=7), GRACE, 100)
    assert len(found.fire) == 11


def test_the_last_missed_tick_of_a_cron_is_found_backwards() -> None:
    nightly = timer(cron="30 2 * * *", timezone="Europe/Berlin", catch_up="last")
    found = plan(nightly, Place(START, START), datetime(2026, 1, 9, 12, tzinfo=UTC), GRACE, 100)
    assert found.fire == (datetime(2026, 1, 9, 1, 30, tzinfo=UTC),)


BERLIN = {"timezone": "Europe/Berlin"}
FORWARD = datetime(2026, 3, 28, 12, tzinfo=UTC)
"""The day before 02:00 becomes 03:00 in Berlin (01:00 UTC on the 29th)."""
BACK = datetime(2026, 10, 24, 12, tzinfo=UTC)
"""The day before 03:00 becomes 02:00 in Berlin (01:00 UTC on the 25th)."""


def ticks(start: datetime, count: int, **raw: Any) -> list[str]:
    wanted = timer(**raw)
    found = islice(ticks_after(wanted.schedule, start, start), count)
    return [tick.strftime("%d %H:%M:%S") for tick in found]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("30 2 * * *", ["29 01:00:00", "30 00:30:00"]),
        ("0 30 2 * * *", ["29 01:00:00", "30 00:30:00"]),
        ("15,30,45 2 * * *", ["29 01:00:00", "30 00:15:00"]),
        ("0 3 * * *", ["29 01:00:00", "30 01:00:00"]),
        ("30 1,2,3 * * *", ["29 00:30:00", "29 01:00:00", "29 01:30:00", "29 23:30:00"]),
        ("30 * * * *", ["28 12:30:00", "28 13:30:00"]),
    ],
)
def test_a_time_that_is_skipped_fires_at_the_end_of_the_gap(expression: str, expected: list[str]) -> None:
    assert ticks(FORWARD, len(expected), cron=expression, **BERLIN) == expected


def test_every_half_hour_has_no_tick_in_the_gap() -> None:
    start = datetime(2026, 3, 29, 0, 15, tzinfo=UTC)
    assert ticks(start, 3, cron="*/30 * * * *", **BERLIN) == ["29 00:30:00", "29 01:00:00", "29 01:30:00"]


@pytest.mark.parametrize("expression", ["30 2 * * *", "0 30 2 * * *"])
def test_a_fixed_time_that_comes_twice_fires_the_first_time(expression: str) -> None:
    assert ticks(BACK, 2, cron=expression, **BERLIN) == ["25 00:30:00", "26 01:30:00"]


@pytest.mark.parametrize("minute", range(0, 60, 7))
def test_started_inside_the_second_hour_a_fixed_time_waits_for_the_next_day(minute: int) -> None:
    """Between 01:00 and 02:00 UTC the clocks of Berlin show 02:xx for the second time."""
    start = datetime(2026, 10, 25, 1, minute, tzinfo=UTC)
    assert ticks(start, 1, cron="30 2 * * *", **BERLIN) == ["26 01:30:00"]


def test_every_half_hour_goes_on_through_the_hour_that_comes_twice() -> None:
    start = datetime(2026, 10, 24, 23, 45, tzinfo=UTC)
    expected = ["25 00:00:00", "25 00:30:00", "25 01:00:00", "25 01:30:00", "25 02:00:00"]
    assert ticks(start, 5, cron="*/30 * * * *", **BERLIN) == expected


def test_the_zone_of_half_hour_changes() -> None:
    """Lord Howe Island moves its clocks by thirty minutes: 02:00 becomes 02:30 (15:30 UTC on the day before)."""
    start = datetime(2026, 10, 3, 12, tzinfo=UTC)
    assert ticks(start, 1, cron="15 2 * * *", timezone="Australia/Lord_Howe") == ["03 15:30:00"]


def test_a_date_that_is_skipped_fires_at_the_end_of_the_gap() -> None:
    assert ticks(FORWARD, 1, date="2026-03-29 02:30", **BERLIN) == ["29 01:00:00"]
    assert ticks(BACK, 1, date="2026-10-25 02:30", **BERLIN) == ["25 00:30:00"]


ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo")
CRONS = ("30 2 * * *", "0 0 * * *", "*/20 * * * *", "5 1,2,3 * * *", "0 0 1 * *", "*/40 30 2 * * *", "0 2 * * SUN")


@given(
    st.sampled_from(CRONS),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2020, 1, 1), datetime(2027, 12, 31)),
    st.lists(st.integers(1, 200_000), min_size=1, max_size=12),
)
def test_looked_at_at_any_times_every_tick_fires_once_and_in_order(
    expression: str, zone: str, start: datetime, steps: list[int]
) -> None:
    wanted = timer(cron=expression, timezone=zone, catch_up="all")
    anchor = start.replace(tzinfo=UTC)
    now, done, fired = anchor, anchor, []
    for step in steps:
        now += timedelta(seconds=step)
        found = plan(wanted, Place(anchor, done), now, GRACE, 100_000)
        fired += found.fire
        done = found.done
        assert found.due is None or found.due > now
    whole = plan(wanted, Place(anchor, anchor), now, GRACE, 100_000)
    assert fired == list(whole.fire)
    assert fired == sorted(set(fired))
