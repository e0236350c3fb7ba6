"""Executors see each other: reports that the broker gave to one that is frozen or cut off are seen by nobody.

A worker's silence means nothing while there may be such reports, for as long as the broker takes to give them to
another. An executor that was killed cannot say so; but the broker drops its connection at once, and its ear with it.
One that is frozen keeps both.
"""

from __future__ import annotations

import asyncio
import os
import socket
import uuid

from attune_common.bus.bus import BusUnavailable
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
        bus = self._context.bus
        async with self._context.store.unit() as unit:
            await presence.tell(unit, self._name, bus.healthy, bus.ear)
            ears = await presence.doubtful(unit, self._name, _FRESH, _GONE)
        if await self._may_hold(ears):
            self._calm.doubt()

    async def _may_hold(self, ears: list[str]) -> bool:
        """Whether one of them may have reports in hand: whose ear is gone has none."""
        if not all(ears):
            return bool(ears)
        try:
            return any([await self._context.bus.hears(ear) for ear in ears])
        except BusUnavailable:
            return True

    async def leave(self) -> None:
        """Nothing is in hand any more. Without a database the others wait until this one is certainly gone."""
        if self._alone:
            return
        try:
            async with self._context.store.connection() as connection:
                await presence.forget(connection, self._name)
        except Exception as problem:
            _log.warning("no goodbye to the other executors", error=f"{type(problem).__name__}: {problem}")
