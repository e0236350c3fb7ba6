"""The blocking face of the client: the async one, run on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Self, TypeVar

from attune_client.client import AsyncAttune
from attune_client.discovery import find
from attune_client.watch import Snapshot

T = TypeVar("T")


class Attune:
    """Every call of the async client, waited for.

    with Attune() as attune:
        packs = attune.call(lambda api: api.packs.list())
    """

    def __init__(self, url: str = "", token: str = "") -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="attune-client", daemon=True)
        self._thread.start()
        self._client = AsyncAttune.at(find(url, token))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, work: Callable[[AsyncAttune], Awaitable[T]]) -> T:
        """Do `work` with the async client and return what it gives. Errors: those of the call."""
        return asyncio.run_coroutine_threadsafe(self._run(work), self._loop).result()

    def watch(self, execution: int) -> Iterator[Snapshot]:
        """Snapshots until the execution has ended."""
        snapshots = aiter(self._client.watch(execution))
        while True:
            try:
                yield self.call(lambda _: anext(snapshots))
            except StopAsyncIteration:
                return

    def close(self) -> None:
        self.call(lambda client: client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _run(self, work: Callable[[AsyncAttune], Awaitable[T]]) -> T:
        return await work(self._client)
