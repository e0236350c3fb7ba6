"""Who listens: bounded queues of entries, and the index that finds the listeners."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable

from attune_notifier.entries import Entry
from attune_notifier.kinship import Lineage
from attune_notifier.wishes import Wish

MOST_ENTRIES = 1_000
MOST_BYTES = 4 * 1024 * 1024
MOST_CLIENTS = 2_000


class Client:
    """One open stream. A client that does not keep up is cut off: it comes back, and goes on where it was.

    `live_from`: the first position of the log that was looked at for it; None before the first.
    """

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.closed = False
        self.resync = False
        self.live_from: int | None = None
        self._entries: list[Entry] = []
        self._bytes = 0
        self._ready = asyncio.Event()

    def put(self, entry: Entry) -> None:
        if self.closed:
            return
        if len(self._entries) >= MOST_ENTRIES or self._bytes + entry.size > MOST_BYTES:
            self._entries, self._bytes = [], 0
            self.close()
            return
        self._entries.append(entry)
        self._bytes += entry.size
        self._ready.set()

    def look_again(self) -> None:
        """Something was missed that nobody has any more."""
        self._entries, self._bytes, self.resync = [], 0, True
        self._ready.set()

    def begin_again(self) -> None:
        """Forget what waits: it is still read from the log, and what is live begins with the next message."""
        self._entries, self._bytes, self.live_from = [], 0, None

    def drop_until(self, position: int) -> None:
        """Forget what waits and was already read from the log, up to this position."""
        self._entries = [entry for entry in self._entries if entry.place.position > position]
        self._bytes = sum(entry.size for entry in self._entries)

    @property
    def is_full(self) -> bool:
        return len(self._entries) > MOST_ENTRIES // 2 or self._bytes > MOST_BYTES // 2

    def close(self) -> None:
        self.closed = True
        self._ready.set()

    async def take(self, patience: float) -> list[Entry]:
        """All that waits; nothing when there was none for `patience` seconds, or something else has happened."""
        try:
            async with asyncio.timeout(patience):
                await self._ready.wait()
        except TimeoutError:
            return []
        self._ready.clear()
        taken, self._entries, self._bytes = self._entries, [], 0
        return taken


class Subscriptions:
    """The open streams, found by what they wish."""

    def __init__(self) -> None:
        self._clients: set[Client] = set()
        self._everything: set[Client] = set()
        self._by_execution: defaultdict[int, set[Client]] = defaultdict(set)
        self._by_run: defaultdict[int, set[Client]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._clients)

    @property
    def full(self) -> bool:
        return len(self._clients) >= MOST_CLIENTS

    def add(self, wish: Wish) -> Client:
        client = Client(wish)
        self._clients.add(client)
        if wish.execution is not None:
            self._by_execution[wish.execution].add(client)
        if wish.run is not None:
            self._by_run[wish.run].add(client)
        if wish.execution is None and wish.run is None:
            self._everything.add(client)
        return client

    def remove(self, client: Client) -> None:
        self._clients.discard(client)
        self._everything.discard(client)
        _forget(self._by_execution, client.wish.execution, client)
        _forget(self._by_run, client.wish.run, client)

    def interested(self, entry: Entry, lineage: Lineage) -> list[Client]:
        found = set(self._everything)
        for execution in lineage.executions:
            found |= self._by_execution.get(execution, set())
        for run in lineage.runs:
            found |= self._by_run.get(run, set())
        return [client for client in found if client.wish.wants(entry, lineage)]

    def all(self) -> Iterable[Client]:
        return tuple(self._clients)


def _forget(index: defaultdict[int, set[Client]], key: int | None, client: Client) -> None:
    if key is None or key not in index:
        return
    index[key].discard(client)
    if not index[key]:
        del index[key]
