"""Waiting for something to become true, never for time to pass.

Deadlines are meant for a machine that has nothing else to do; one that is busy gets more, by its load.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
_PAUSE = 0.02
_MOST_PATIENCE = 10.0


def patient(seconds: float) -> float:
    """For a timeout that has to be given beforehand: what `seconds` on an idle machine may become on a busy one."""
    return seconds * _MOST_PATIENCE


def patience() -> float:
    """By how much deadlines are longer at this moment: 1 on a machine that is not busy."""
    return min(max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)), _MOST_PATIENCE)


def is_over(began: float, deadline: float) -> bool:
    """Whether the deadline has passed for what began then, by `time.monotonic`."""
    return time.monotonic() - began > deadline * patience()


async def until(condition: Callable[[], T | Awaitable[T]], deadline: float = 10, describe: str = "the condition") -> T:
    """The first true value of `condition()` (awaited when it can be). Errors: TimeoutError after `deadline` s."""
    began = time.monotonic()
    while True:
        outcome = condition()
        value = await outcome if inspect.isawaitable(outcome) else outcome
        if value:
            return value
        if is_over(began, deadline):
            raise TimeoutError(f"{describe} did not hold within {deadline:g} s; last: {value!r}")
        await asyncio.sleep(_PAUSE)


def until_sync(condition: Callable[[], T], deadline: float = 10, describe: str = "the condition") -> T:
    """The same outside an event loop."""
    began = time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        if is_over(began, deadline):
            raise TimeoutError(f"{describe} did not hold within {deadline:g} s; last: {value!r}")
        time.sleep(_PAUSE)


async def succeeds(step: Callable[[], Awaitable[T]], deadline: float = 120) -> T:
    """What `step` gives, when it does at last: a busy machine may refuse it for a while. Errors: its last one."""
    began = time.monotonic()
    while True:
        try:
            return await step()
        except Exception:
            if is_over(began, deadline):
                raise
        await asyncio.sleep(_PAUSE)
