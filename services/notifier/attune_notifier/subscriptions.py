"""Who listens to what: wishes, bounded queues of ready-made frames, and the index that finds the listeners."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from attune_common.bus.patterns import matches
from attune_notifier.kinship import Lineage

MOST_FRAMES = 1_000
MOST_BYTES = 4 * 1024 * 1024
MOST_CLIENTS = 1_000
PING = b": ping\n\n"
RESYNC = b"event: resync\ndata: {}\n\n"
LOG = "execution.log"


@dataclass(frozen=True, slots=True)
class Wish:
    """`execution`: it and all that is a part of it; `run`: the same by the run's id; neither: everything.

    `types`: topic patterns over message types; empty is all. Log lines come only to those that ask for their
    execution or its run, or name the type.
    """

    execution: int | None = None
    run: int | None = None
    types: tuple[str, ...] = ()

    def takes(self, kind: str, lineage: Lineage) -> bool:
        """Whether a message that the index found is wanted."""
        if self.types and not any(matches(pattern, kind) for pattern in self.types):
            return False
        return kind != LOG or self._may_have_logs(lineage)

    def _may_have_logs(self, lineage: Lineage) -> bool:
        if self.execution is None and self.run is None:
            return LOG in self.types
        own = self.execution is not None and self.execution == lineage.execution
        return own or (self.run is not None and self.run == lineage.run)


class Client:
    """One open stream. A client that does not keep up loses what waits and is told to look again (`resync`)."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.closed = False
        self._frames: list[bytes] = []
        self._bytes = 0
        self._ready = asyncio.Event()

    def put(self, frame: bytes) -> None:
        if len(self._frames) >= MOST_FRAMES or self._bytes + len(frame) > MOST_BYTES:
            self.resync()
            return
        self._frames.append(frame)
        self._bytes += len(frame)
        self._ready.set()

    def resync(self) -> None:
        """Drop what waits: the client has missed something and must look again."""
        self._frames, self._bytes = [RESYNC], len(RESYNC)
        self._ready.set()

    def close(self) -> None:
        self.closed = True
        self._ready.set()

    async def take(self, patience: float) -> bytes:
        """All frames that wait; a ping when there was none for `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._ready.wait()
        except TimeoutError:
            return PING
        self._ready.clear()
        taken, self._frames, self._bytes = b"".join(self._frames), [], 0
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

    def interested(self, kind: str, lineage: Lineage) -> list[Client]:
        found = set(self._everything)
        for execution in lineage.executions:
            found |= self._by_execution.get(execution, set())
        for run in lineage.runs:
            found |= self._by_run.get(run, set())
        return [client for client in found if client.wish.takes(kind, lineage)]

    def all(self) -> Iterable[Client]:
        return tuple(self._clients)


def _forget(index: defaultdict[int, set[Client]], key: int | None, client: Client) -> None:
    if key is None or key not in index:
        return
    index[key].discard(client)
    if not index[key]:
        del index[key]
