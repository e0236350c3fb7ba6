"""Who is being served: a bound on the requests that are worked on, and one on the bodies that are still coming.

They are two, so that those who send slowly, or mean to, take nothing from those who have said what they want.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import Scope

_KEY = "attune.place"


class Places:
    """`taken`: requests that wait for their answers."""

    def __init__(self) -> None:
        self.taken = 0


class Place:
    """One request's; it may be left and taken again."""

    def __init__(self, places: Places, scope: Scope) -> None:
        self._places, self._held = places, False
        scope[_KEY] = self
        self.take()

    def take(self) -> None:
        self._places.taken += not self._held
        self._held = True

    def leave(self) -> None:
        self._places.taken -= self._held
        self._held = False


class Arrivals:
    """Bodies that are coming. For one more than `most` the one that takes the longest is given up."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._coming: dict[asyncio.Timeout, None] = {}

    def __len__(self) -> int:
        return len(self._coming)

    @asynccontextmanager
    async def within(self, seconds: float, scope: Scope) -> AsyncIterator[None]:
        """The body is read inside. Errors: TimeoutError after so many seconds, or when it is given up."""
        self._make_room()
        place: Place | None = scope.get(_KEY)
        async with asyncio.timeout(seconds) as timeout:
            self._coming[timeout] = None
            if place is not None:
                place.leave()
            try:
                yield
            finally:
                self._coming.pop(timeout, None)
                if place is not None:
                    place.take()

    def _make_room(self) -> None:
        if len(self._coming) < self._most:
            return
        slowest = next(iter(self._coming))
        del self._coming[slowest]
        if not slowest.expired():
            slowest.reschedule(asyncio.get_running_loop().time())
