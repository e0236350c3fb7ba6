"""The notifier: live events for whoever watches. Part of another process, or one of its own."""

from __future__ import annotations

import asyncio
import gc

from fastapi import APIRouter

from attune_common.bus.bus import Bus, condition
from attune_common.bus.factory import build_bus
from attune_common.runtime import lifecycle, logging
from attune_common.runtime.health import Health
from attune_common.runtime.health_watch import HealthWatch
from attune_common.runtime.lean import OLD_PYDANTIC, without
from attune_common.runtime.settings import Settings
from attune_notifier.access import ApiAccess, Authorise, Look, Take
from attune_notifier.feed import Feed
from attune_notifier.hosting import Host
from attune_notifier.server import Server, create_app
from attune_notifier.sockets import add_socket
from attune_notifier.stream import add_stream

PING_SECONDS = 10.0


class Notifier:
    """`router` serves GET /api/v1/stream and /api/v1/stream/ws over a started bus.

    `authorise(token)` says who may listen, `look(token, noun, id)` who may see a single thing, `take(ticket)` what a
    ticket is worth; by default the API at `settings.api_url` is asked. Stop it before the server that serves its
    router: that ends the streams.
    """

    def __init__(
        self,
        bus: Bus,
        settings: Settings,
        *,
        authorise: Authorise | None = None,
        look: Look | None = None,
        take: Take | None = None,
        ping: float = PING_SECONDS,
    ) -> None:
        self._access = ApiAccess(settings.api_url)
        self.feed = Feed(bus)
        self.router = APIRouter(tags=["stream"])
        access = self._access
        host = Host(self.feed, authorise or access, look or access.may_see, take or access.take, ping)
        with without(OLD_PYDANTIC):
            add_stream(self.router, host)
            add_socket(self.router, host)

    @property
    def streams(self) -> int:
        """How many are open."""
        return len(self.feed.subscriptions)

    async def start(self) -> None:
        await self.feed.start()

    async def stop(self, grace: float = 0) -> None:
        """End all streams. It takes no grace: clients connect again to another notifier and go on there."""
        await self.feed.stop()
        await self._access.close()


async def main(settings: Settings, stopping: asyncio.Event | None = None) -> None:
    """Run the notifier on `notifier_host:notifier_port` until `stopping` is set."""
    bus = build_bus(settings, "attune/notifier")
    notifier = Notifier(bus, settings)
    health = Health(bus=lambda: condition(bus))
    server = Server(create_app(notifier.router, health), settings.notifier_host, settings.notifier_port)
    watch = HealthWatch(health)
    log = logging.get("attune.notifier")

    async def start() -> None:
        few_collections()
        await bus.start()
        await notifier.start()
        await server.start()
        watch.start()
        log.info("listening", host=settings.notifier_host, port=server.port)

    async def stop(grace: float) -> None:
        health.drain()
        await watch.stop()
        await notifier.stop(grace)
        await server.stop(grace)
        await bus.stop()

    await lifecycle.until_stopped(stopping or asyncio.Event(), start, stop, settings.grace_seconds)


def few_collections() -> None:
    """With a thousand clients a full collection takes a tenth of a second in which nobody hears anything; what ends
    here ends by reference counts."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def serve(settings: Settings) -> None:
    """Run the notifier as this process, until a signal."""
    logging.configure(settings, "notifier")

    async def run(stopping: asyncio.Event) -> None:
        await main(settings, stopping)

    lifecycle.run_service(run)
