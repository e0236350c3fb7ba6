"""Who may start at a limit, and in which order limits are passed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_core.model.policy import Backoff
from attune_core.policies.admission import (
    MOST_AT_ONCE,
    UNLIMITED,
    Kind,
    Room,
    Step,
    Use,
    asked_for,
    divide,
    limit_of,
    next_try,
    room,
    soonest,
    steps,
)
from attune_core.policies.refusal import refused
from attune_core.policies.spec import Concurrency, Limits, OnLimit, Per, RateLimit, RetryLimit, from_json, to_json

THREE = Concurrency(3)
TEN = RateLimit(10, Per.MINUTE, "{{ parameters.x }}", OnLimit.REFUSE)


def test_limits_survive_the_database() -> None:
    limits = Limits(THREE, TEN, RetryLimit(2, 1.5, Backoff.LINEAR, None, 0.1, "error.type == 'x'"))
    assert from_json(to_json(limits)) == limits
    assert to_json(Limits(retry=RetryLimit(1))) == {
        "retry": {"count": 1, "delay": 0.0, "backoff": "constant", "jitter": 0.0}
    }


@pytest.mark.parametrize(
    ("limit", "use", "expected"),
    [
        (THREE, Use(0), Room(3)),
        (THREE, Use(2), Room(1)),
        (THREE, Use(5), Room(0)),
        (TEN, Use(4, 30.0), Room(6, OnLimit.REFUSE, 30.0)),
        (TEN, Use(0), Room(10, OnLimit.REFUSE, 60.0)),
        (None, Use(99), Room(UNLIMITED)),
    ],
)
def test_room(limit: Concurrency | RateLimit | None, use: Use, expected: Room) -> None:
    assert room(limit, use) == expected


@given(st.lists(st.integers(1, 10_000), unique=True).map(sorted), st.integers(0, 50), st.sampled_from(OnLimit))
def test_nobody_is_let_in_twice_or_forgotten(waiting: list[int], places: int, on_limit: OnLimit) -> None:
    passed, told = divide(Room(places, on_limit), waiting)
    assert list(passed) == waiting[:places]
    assert list(told) == (waiting[places:] if on_limit is OnLimit.REFUSE else [])


def test_only_as_many_are_looked_at_as_may_pass() -> None:
    assert asked_for(Room(3)) == 3
    assert asked_for(Room(0)) == 0
    assert asked_for(Room(UNLIMITED)) == MOST_AT_ONCE
    assert asked_for(Room(0, OnLimit.REFUSE)) == MOST_AT_ONCE


def test_narrow_limits_come_first_and_rates_last() -> None:
    by_env = Concurrency(1, "{{ parameters.env }}")
    found = steps({7: Limits(THREE, TEN), 3: Limits(by_env, RateLimit(1, Per.HOUR))})
    assert found == [
        Step(3, Kind.CONCURRENCY, "{{ parameters.env }}"),
        Step(7, Kind.CONCURRENCY),
        Step(7, Kind.RATE, "{{ parameters.x }}"),
        Step(3, Kind.RATE),
    ]


def test_what_a_policy_says_no_more_limits_nobody() -> None:
    assert limit_of(None, Kind.CONCURRENCY) is None
    assert limit_of(Limits(rate_limit=TEN), Kind.CONCURRENCY) is None
    assert limit_of(Limits(THREE, TEN), Kind.RATE) is TEN
    assert limit_of(Limits(THREE, TEN), Kind.RETRY) is None


def test_the_soonest_of_what_is_known() -> None:
    assert soonest([None, 4.0, 2.0]) == 2.0
    assert soonest([None]) is None


@pytest.mark.parametrize(("used", "expected"), [(0, 1.0), (1, 2.0), (2, 3.0), (3, None)])
def test_delays_between_attempts(used: int, expected: float | None) -> None:
    retry = RetryLimit(3, 1.0, Backoff.EXPONENTIAL, max_delay=3.0)
    assert next_try(retry, used, seed=1) == expected


def test_jitter_is_the_same_for_the_same_execution() -> None:
    retry = RetryLimit(3, 10.0, jitter=0.5)
    first = next_try(retry, 0, seed=1)
    assert first is not None
    assert 5.0 <= first <= 15.0
    assert first == next_try(retry, 0, seed=1)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Concurrency(1), "1 run at once"),
        (RateLimit(5, Per.HOUR), "5 start in an hour"),
        (TEN, "10 start in a minute for 'eu'"),
    ],
)
def test_a_refusal_says_why(limit: Concurrency | RateLimit, words: str) -> None:
    error = refused("p.x", limit, "eu").error
    assert error is not None
    assert (error["type"], error["policy"]) == ("policy_refused", "p.x")
    assert error["message"].endswith(words)
