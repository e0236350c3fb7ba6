"""Moments as text: what is remembered of one never answers for another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from attune_core.model.moments import iso

_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_equal_moments_of_other_zones_are_written_in_their_own() -> None:
    there = _NOON.astimezone(timezone(timedelta(hours=2)))
    assert there == _NOON
    assert [iso(_NOON), iso(there), iso(_NOON)] == [
        "2026-03-01T12:00:00+00:00",
        "2026-03-01T14:00:00+02:00",
        "2026-03-01T12:00:00+00:00",
    ]


def test_moments_that_differ_by_a_microsecond_are_told_apart() -> None:
    assert iso(_NOON + timedelta(microseconds=1)) == "2026-03-01T12:00:00.000001+00:00"
