"""Many want the same thing at once: it is made once, and a waiter that leaves does not stop it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """Running work by key."""

    def __init__(self) -> None:
        self._flights: dict[K, asyncio.Task[V]] = {}

    async def do(self, key: K, make: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """The result of the work under way for `key`, started with `make` when there is none."""
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(make())
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(flight)

    def under_way(self, key: K) -> bool:
        return key in self._flights

    async def stop(self) -> None:
        """Cancel what is under way; those who wait for it are cancelled too."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _landed(self, key: K, flight: asyncio.Task[V]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()
