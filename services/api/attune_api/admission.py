"""Work is refused when far more of it waits than can be done soon: better a 503 now than a queue without end."""

from __future__ import annotations

from attune_api.errors import Unavailable
from attune_common.runtime.clock import monotonic
from attune_common.store import requests
from attune_common.store.store import Store

LOOK_AGAIN_SECONDS = 2.0


class Admission:
    """The backlog is looked at every two seconds at most: `backlog` executions may wait."""

    def __init__(self, store: Store, backlog: int) -> None:
        self._store, self._backlog = store, backlog
        self._looked = float("-inf")
        self._full = False

    async def check(self) -> None:
        """Errors: Unavailable."""
        if monotonic() - self._looked >= LOOK_AGAIN_SECONDS:
            self._looked = monotonic()
            async with self._store.connection() as connection:
                self._full = await requests.waiting(connection, self._backlog + 1) > self._backlog
        if self._full:
            raise Unavailable(
                f"more than {self._backlog:,} executions wait already",
                code="backlog_full",
                retry_after=10,
                hint="try again later, or start more workers",
            )
