"""Executors see each other: reports that the broker gave to one that is frozen or cut off are seen by nobody.

A worker's silence means nothing while there may be such reports, for as long as the broker takes to give them to
another. An executor that was killed cannot say so: for that time it counts as one that is frozen.
"""

from __future__ import annotations

import asyncio
import os
import socket
import uuid

from attune_common.runtime import logging
from attune_common.store import presence
from attune_executor.calm import Calm
from attune_executor.context import Context

_EVERY = 1.0
_FRESH = 3.0
_GONE = 30.0
"""The broker gives up a connection after two heartbeats of ten seconds."""
_log = logging.get("attune.executor")


class Presence:
    """Of one executor. Where the bus lives in this process, there is no other."""

    def __init__(self, context: Context, calm: Calm) -> None:
        self._context, self._calm = context, calm
        self._alone = context.settings.amqp_url.startswith("memory:")
        self._name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"

    async def run(self) -> None:
        """Until cancelled. Errors: those of the database."""
        while not self._alone:
            await self.look()
            await asyncio.sleep(_EVERY)
        await asyncio.Event().wait()

    async def look(self) -> None:
        """Say that this one is here, and look after the others."""
        async with self._context.store.unit() as unit:
            await presence.tell(unit, self._name, self._context.bus.healthy)
            if await presence.doubtful(unit, self._name, _FRESH, _GONE):
                self._calm.doubt()

    async def leave(self) -> None:
        """Nothing is in hand any more. Without a database the others wait until this one is certainly gone."""
        if self._alone:
            return
        try:
            async with self._context.store.connection() as connection:
                await presence.forget(connection, self._name)
        except Exception as problem:
            _log.warning("no goodbye to the other executors", error=f"{type(problem).__name__}: {problem}")
