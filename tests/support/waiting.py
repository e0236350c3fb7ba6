"""Waiting for something to become true, never for time to pass."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
_PAUSE = 0.02


async def until(condition: Callable[[], T | Awaitable[T]], deadline: float = 10, describe: str = "the condition") -> T:
    """The first true value of `condition()` (awaited when it can be). Errors: TimeoutError after `deadline` s."""
    end = time.monotonic() + deadline
    while True:
        outcome = condition()
        value = await outcome if inspect.isawaitable(outcome) else outcome
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{describe} did not hold within {deadline:g} s; last: {value!r}")
        await asyncio.sleep(_PAUSE)


def until_sync(condition: Callable[[], T], deadline: float = 10, describe: str = "the condition") -> T:
    """The same outside an event loop."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{describe} did not hold within {deadline:g} s; last: {value!r}")
        time.sleep(_PAUSE)
