"""Timers as users write them: what they mean, and what is refused, where, with which hint."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from attune_core.timers.definition import CatchUp, Cron, Interval, Once
from attune_core.timers.durations import read_duration
from attune_core.timers.reading import read_timer


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (30, 30),
        (1.5, 1.5),
        ("30s", 30),
        ("5m", 300),
        ("1h30m", 5400),
        ("2d", 172_800),
        ("1w", 604_800),
        (" 1 H ", 3600),
    ],
)
def test_a_duration_is_seconds_or_a_text_with_units(written: Any, seconds: float) -> None:
    assert read_duration(written) == timedelta(seconds=seconds)


@pytest.mark.parametrize("written", ["", "5", "m", "5 minutes", "-5m", "1e9s", "5m5", True, None, [], "9" * 100 + "s"])
def test_anything_else_is_no_duration(written: Any) -> None:
    assert read_duration(written) is None


@pytest.mark.parametrize(
    ("raw", "schedule"),
    [
        ({"interval": "90s"}, Interval(timedelta(seconds=90))),
        ({"cron": "*/5 * * * *"}, Cron(("0", "*/5", "*", "*", "*", "*"), UTC)),
        ({"cron": "15 0 2 * * mon-fri"}, Cron(("15", "0", "2", "*", "*", "MON-FRI"), UTC)),
        ({"cron": "@daily"}, Cron(("0", "0", "0", "*", "*", "*"), UTC)),
        ({"date": "2027-01-31T18:00:00+02:00"}, Once(datetime(2027, 1, 31, 16, tzinfo=UTC), UTC)),
        ({"date": "2027-01-31 18:00", "timezone": None}, Once(datetime(2027, 1, 31, 18, tzinfo=UTC), UTC)),
    ],
)
def test_schedules(raw: dict[str, Any], schedule: Any) -> None:
    timer, faults = read_timer(raw)
    assert faults == []
    assert timer is not None
    assert timer.schedule == schedule
    assert timer.catch_up is CatchUp.LAST


def test_a_date_is_meant_in_the_zone_of_the_timer() -> None:
    timer, _ = read_timer({"date": "2027-07-01 08:00", "timezone": "Europe/Berlin"})
    assert timer is not None
    assert isinstance(timer.schedule, Once)
    assert timer.schedule.at == datetime(2027, 7, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "key", "code", "told"),
    [
        ({}, "", "missing_key", "interval"),
        ({"interval": 5, "cron": "* * * * *"}, "cron", "schedule_twice", "keep one"),
        ({"interval": 0.5}, "interval", "bad_interval", "one second"),
        ({"interval": -5}, "interval", "bad_interval", "one second"),
        ({"interval": "5 minutes"}, "interval", "bad_interval", "`5m`"),
        ({"interval": 1e300}, "interval", "bad_interval", "seconds"),
        ({"interval": 5, "timezone": "UTC"}, "timezone", "unknown_key", "remove"),
        ({"cron": 5}, "cron", "wrong_type", "quotes"),
        ({"cron": "61 * * * *"}, "cron", "bad_cron", "0 to 59"),
        ({"cron": "* * * * 8"}, "cron", "bad_cron", "SUN to SAT"),
        ({"cron": "* * 0 * *"}, "cron", "bad_cron", "1 to 31"),
        ({"cron": "* * * * 5#2/3"}, "cron", "bad_cron", "Friday"),
        ({"cron": "*/0 * * * *"}, "cron", "bad_cron", "0 to 59"),
        ({"cron": "*/90 * * * *"}, "cron", "bad_cron", "interval"),
        ({"cron": "0 1,*/25 * * *"}, "cron", "bad_cron", "0 to 23"),
        ({"cron": "*/99999999999 * * * *"}, "cron", "bad_cron", "0 to 59"),
        ({"cron": "* * * *"}, "cron", "bad_cron", "minute hour day"),
        ({"cron": "0 0 30 2 *"}, "cron", "bad_cron", "the day and the month"),
        ({"cron": "0 0 31 4,6 *"}, "cron", "bad_cron", "the day and the month"),
        ({"cron": "@every 1ns"}, "cron", "bad_cron", "interval"),
        ({"cron": "@dayly"}, "cron", "bad_cron", "`@daily`"),
        ({"cron": "* " * 500}, "cron", "bad_cron", "several"),
        ({"cron": "* * * * *", "timezone": "Mars/Base"}, "timezone", "bad_timezone", "Europe/Berlin"),
        ({"cron": "* * * * *", "timezone": "Berlin"}, "timezone", "bad_timezone", "`Europe/Berlin`"),
        ({"cron": "* * * * *", "timezone": "../../etc/passwd"}, "timezone", "bad_timezone", "IANA"),
        ({"cron": "* * * * *", "timezone": "/etc/localtime"}, "timezone", "bad_timezone", "IANA"),
        *(
            ({"cron": "* * * * *", "timezone": name}, "timezone", "bad_timezone", "")
            for name in ("localtime", "posixrules", "Factory", "right/UTC", "posix/Europe/Berlin", "tzdata.zi")
        ),
        ({"date": "tomorrow"}, "date", "bad_date", "2027-01-31"),
        ({"date": "2027-02-30"}, "date", "bad_date", "2027-01-31"),
        ({"cron": "* * * * *", "catch_up": "lst"}, "catch_up", "unknown_value", "`last`"),
        ({"crn": "* * * * *"}, "crn", "unknown_key", "`cron`"),
    ],
)
def test_faults_name_the_place_and_a_way_out(raw: dict[str, Any], key: str, code: str, told: str) -> None:
    timer, faults = read_timer(raw)
    assert timer is None
    fault = next(fault for fault in faults if fault.key == key)
    assert fault.code == code
    assert told in fault.hint


def test_all_faults_come_at_once() -> None:
    _, faults = read_timer({"cron": "61 * * * *", "timezone": "Mars/Base", "catch_up": "some", "more": 1})
    assert [fault.key for fault in faults] == ["more", "timezone", "catch_up", "cron"]


def test_rare_days_are_no_mistake() -> None:
    for text in ("0 0 29 2 *", "0 0 * 2 MON#5", "0 0 L * *", "0 0 LW * *", "0 0 * * 5L", "0 0 30 2 MON"):
        assert read_timer({"cron": text})[1] == []
