"""One subscription from its beginning to its end: what was missed, then what happens, for as long as it may be seen."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field

from attune_notifier.access import AccessUnknown, Viewer
from attune_notifier.entries import Entry, Place
from attune_notifier.feed import Feed
from attune_notifier.replay import Forgotten, Replay
from attune_notifier.subscriptions import Client
from attune_notifier.wishes import Wish

RECHECK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Heard:
    """`resync`: something was missed that is not kept; look again. `entries` come after that."""

    entries: Sequence[Entry] = field(default_factory=tuple)
    resync: bool = False


class Listening:
    """`after`: the id of the last entry that the client has; "" when it begins."""

    def __init__(self, feed: Feed, viewer: Viewer, wish: Wish, after: str, ping: float) -> None:
        self._feed = feed
        self._viewer = viewer
        self._wish = wish
        self._after = after
        self._ping = ping

    async def heard(self) -> AsyncGenerator[Heard, None]:
        """Without end, until the viewer may not listen any more, did not keep up, or the notifier stops.

        Comes at least every `ping` seconds, with nothing when nothing was there; not for all at the same moment.
        """
        client = await self._feed.join(self._wish)
        try:
            yield Heard()
            async for heard in self._all(client):
                yield await self._shown(heard)
        except AccessUnknown:
            return
        finally:
            self._feed.leave(client)

    async def _all(self, client: Client) -> AsyncIterator[Heard]:
        due = _now() + RECHECK_SECONDS
        if self._after:
            async for heard in self._missed(client):
                yield heard
        while not client.closed:
            entries = await client.take(self._ping * random.uniform(0.6, 1.0))
            resync, client.resync = client.resync, False
            yield Heard(entries, resync)
            if _now() > due:
                due = _now() + RECHECK_SECONDS
                if not await self._may_go_on():
                    return

    async def _missed(self, client: Client) -> AsyncIterator[Heard]:
        place = Place.parse(self._after)
        try:
            if place is None:
                raise Forgotten
            async for portion in Replay(self._feed, client, place).entries():
                yield Heard(portion)
        except Forgotten:
            yield Heard(resync=True)

    async def _shown(self, heard: Heard) -> Heard:
        entries = [entry for entry in heard.entries if await self._viewer.sees(entry)]
        return Heard(entries, heard.resync)

    async def _may_go_on(self) -> bool:
        """An API that does not answer is asked again later: nothing new is allowed meanwhile."""
        try:
            return await self._viewer.recheck()
        except AccessUnknown:
            return True


def _now() -> float:
    return asyncio.get_running_loop().time()
