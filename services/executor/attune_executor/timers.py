"""Wakes runs when their timers are due: takes what is due, sleeps until the next one. All executors do; no leader."""

from __future__ import annotations

import asyncio
import contextlib

from attune_common.store import timers
from attune_executor.context import Context
from attune_executor.workflows import Workflows

_AT_ONCE = 200
_LEAST, _MOST = 0.001, 1.0
_LEFT_ALONE = 0.05


class Timers:
    """A timer that another executor sets is found within `_MOST` seconds; one that this one sets, when it is due."""

    def __init__(self, context: Context, workflows: Workflows) -> None:
        self._context, self._workflows = context, workflows

    async def run(self) -> None:
        """Until cancelled. Errors: those of the database, for the caller to wait and run it again."""
        while True:
            self._context.timers_set.clear()
            async with self._context.store.connection() as connection:
                due = await timers.due(connection, _AT_ONCE)
                left = None if due else await timers.next_due(connection)
            if due:
                await self._workflows.take(due)
            else:
                await self._sleep(_pause(left))

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._context.timers_set.wait()


def _pause(left: float | None) -> float:
    """Seconds to sleep. What is overdue and was not taken belongs to a run that is set aside."""
    if left is None:
        return _MOST
    return min(max(left, _LEAST), _MOST) if left > 0 else _LEFT_ALONE
