"""The notifier: live events for whoever watches. Part of another process, or one of its own."""

from __future__ import annotations

import asyncio
import os
import socket
import uuid

from fastapi import APIRouter

from attune_common.bus.bus import Bus
from attune_common.bus.factory import build_bus
from attune_common.runtime import lifecycle, logging
from attune_common.runtime.health import Health
from attune_common.runtime.settings import Settings
from attune_notifier.access import ApiAccess, Authorise
from attune_notifier.feed import Feed
from attune_notifier.server import Server, create_app
from attune_notifier.stream import PING_SECONDS, build_router


class Notifier:
    """`router` serves GET /api/v1/stream over a started bus.

    `authorise(token) -> bool` says who may listen; by default the API at `settings.api_url` is asked. Behind the
    API's own check give `access.trusted`. Stop it before the server that serves its router: that ends the streams.
    """

    def __init__(
        self, bus: Bus, settings: Settings, *, authorise: Authorise | None = None, ping: float = PING_SECONDS
    ) -> None:
        self._access = None if authorise else ApiAccess(settings.api_url)
        self._feed = Feed(bus, f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}")
        self.router: APIRouter = build_router(self._feed.subscriptions, authorise or self._ask, ping)

    @property
    def streams(self) -> int:
        """How many are open."""
        return len(self._feed.subscriptions)

    async def start(self) -> None:
        await self._feed.start()

    async def stop(self, grace: float = 0) -> None:
        """End all streams. It takes no grace: clients connect again to another notifier and look again."""
        await self._feed.stop()
        if self._access is not None:
            await self._access.close()

    async def _ask(self, token: str) -> bool:
        assert self._access is not None
        return await self._access(token)


async def main(settings: Settings, stopping: asyncio.Event | None = None) -> None:
    """Run the notifier on `notifier_host:notifier_port` until `stopping` is set."""
    bus = build_bus(settings, "attune/notifier")
    notifier = Notifier(bus, settings)
    health = Health(bus=lambda: (bus.healthy, "" if bus.healthy else "no round trip within 8 s"))
    server = Server(create_app(notifier.router, health), settings.notifier_host, settings.notifier_port)
    log = logging.get("attune.notifier")

    async def start() -> None:
        await bus.start()
        await notifier.start()
        await server.start()
        log.info("listening", host=settings.notifier_host, port=server.port)

    async def stop(grace: float) -> None:
        health.drain()
        await notifier.stop(grace)
        await server.stop(grace)
        await bus.stop()

    await lifecycle.until_stopped(stopping or asyncio.Event(), start, stop, settings.grace_seconds)


def serve(settings: Settings) -> None:
    """Run the notifier as this process, until a signal."""
    logging.configure(settings, "notifier")

    async def run(stopping: asyncio.Event) -> None:
        await main(settings, stopping)

    lifecycle.run_service(run)
