"""For a client that comes back: what the log has kept since, at the client's own pace, until it meets what is live."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from attune_common.bus.bus import Consumer, Delivery
from attune_common.bus.topology import LIVE
from attune_common.runtime.metrics import counter
from attune_notifier.entries import Entry, Place, read
from attune_notifier.feed import Feed
from attune_notifier.subscriptions import Client

FIRST_SECONDS = 2.0
PORTION_SECONDS = 1.0
_replays = counter("notifier_replays_total", "Streams that went on where they had been", "outcome")


class Forgotten(Exception):
    """The log does not go back so far, or it is another one."""


class Replay:
    """Reads behind `place` what `client` wishes. What is live waits in the client meanwhile."""

    def __init__(self, feed: Feed, client: Client, place: Place) -> None:
        self._feed = feed
        self._client = client
        self._place = place
        self._arrived: list[Delivery] = []
        self._ready = asyncio.Event()
        self._taken = asyncio.Event()
        self._stopped = False
        self._done = place.position

    async def entries(self) -> AsyncIterator[list[Entry]]:
        """Portions in order; they may be empty. Errors: Forgotten, before the first portion."""
        reader = await self._feed.bus.consume(LIVE, self._take, after=self._place.position - 1)
        try:
            await self._find()
            _replays.labels("found").inc()
            while not self._client.closed:
                portion, is_met = self._portion()
                yield portion
                if is_met:
                    self._client.drop_until(self._done)
                    return
                await self._wait_a_moment()
        except Forgotten:
            _replays.labels("forgotten").inc()
            raise
        finally:
            await self._end(reader)

    async def _take(self, deliveries: list[Delivery]) -> None:
        """One portion is in hand at a time: the rest waits at the broker."""
        while self._arrived and not self._stopped:
            self._taken.clear()
            await self._taken.wait()
        self._arrived = list(deliveries)
        self._ready.set()

    async def _wait(self, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            await self._ready.wait()

    async def _wait_a_moment(self) -> None:
        with contextlib.suppress(TimeoutError):
            await self._wait(PORTION_SECONDS)

    async def _find(self) -> None:
        """The first message is the one in which the client's last entry is."""
        try:
            await self._wait(FIRST_SECONDS)
        except TimeoutError:
            raise Forgotten from None
        first = self._arrived[0]
        if self._place not in [entry.place for entry in read(first)]:
            raise Forgotten

    def _portion(self) -> tuple[list[Entry], bool]:
        """What is wanted of what has arrived, and whether the live entries begin there."""
        deliveries, self._arrived = self._arrived, []
        self._ready.clear()
        self._taken.set()
        if self._client.is_full:
            self._client.begin_again()
            self._feed.anew(self._client)
        wanted: list[Entry] = []
        for delivery in deliveries:
            begins = self._client.live_from
            if begins is not None and delivery.position >= begins:
                return wanted, True
            wanted += filter(self._is_wanted, read(delivery))
            self._done = delivery.position
            if begins is not None and delivery.position == begins - 1:
                return wanted, True
        return wanted, False

    def _is_wanted(self, entry: Entry) -> bool:
        lineage = self._feed.kinship.trace(entry.kind, entry.data)
        is_new = entry.place.position > self._place.position or entry.place.index > self._place.index
        return is_new and self._client.wish.wants(entry, lineage)

    async def _end(self, reader: Consumer) -> None:
        self._stopped = True
        self._arrived = []
        self._taken.set()
        await reader.stop()
