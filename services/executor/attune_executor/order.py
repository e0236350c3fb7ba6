"""Batches that overlap and are about one run come one after the other.

The database would see to it as well; but then the later one would find that what the process knows of the run is out
of date, and read all of it again.
"""

from __future__ import annotations

from asyncio import Event
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager


class Order:
    """Who has which runs in hand."""

    def __init__(self) -> None:
        self._held: dict[int, Event] = {}

    @asynccontextmanager
    async def of(self, runs: Collection[int]) -> AsyncIterator[None]:
        """Wait until nobody has any of the runs, then have all of them until the end of the block."""
        while others := next((held for run in runs if (held := self._held.get(run)) is not None), None):
            await others.wait()
        done = Event()
        self._held.update(dict.fromkeys(runs, done))
        try:
            yield
        finally:
            for run in runs:
                del self._held[run]
            done.set()
