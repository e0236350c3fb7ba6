"""Giving up: after so much processor time, from the middle of a decision, and only then."""

from __future__ import annotations

import signal
from contextlib import suppress

import pytest

from attune_cli.offline.patience import OutOfPatience, patience


def _turn(times: int) -> int:
    total = 0
    for number in range(times):
        total += number
    return total


def _through_everything(times: int) -> None:
    """As the engine does, which makes a readable failure of whatever goes wrong."""
    with suppress(Exception):
        _turn(times)


def test_what_takes_too_long_is_given_up() -> None:
    with pytest.raises(OutOfPatience), patience(0.05):
        _through_everything(10**12)


def test_afterwards_everything_is_as_before() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    with patience(30):
        assert _turn(10) == 45
    assert signal.getsignal(signal.SIGVTALRM) == before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
