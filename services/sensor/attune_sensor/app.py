"""The sensor service put together, and its process."""

from __future__ import annotations

import asyncio

from attune_common.hosting.children import orphans
from attune_common.hosting.children.workplace import clear_leftovers
from attune_common.hosting.outgoing.client import HttpClient
from attune_common.hosting.outgoing.egress import Egress
from attune_common.runtime import lifecycle, logging, metrics
from attune_common.runtime.health import Health
from attune_common.runtime.health_server import HealthServer
from attune_common.runtime.health_watch import HealthWatch
from attune_common.runtime.settings import Settings
from attune_sensor.api import SensorApi
from attune_sensor.host import Host
from attune_sensor.hosted import Tools
from attune_sensor.leases import Leases
from attune_sensor.programs import Programs

SERVICE = "sensor"
_log = logging.get("attune.sensor")


class SensorService:
    """Runs the sensors that the API gives it. Needs the API alone, at `settings.api_url` with `settings.api_token`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = HttpClient(Egress("any"))
        self._api, self._programs = SensorApi(settings, self._client), Programs(settings, self._client)
        self._news = asyncio.Event()
        tools = Tools(self._api, self._programs, self._news.set)
        self.host = Host(tools, settings.limits.log_line_bytes)
        self._leases = Leases(settings, self._api, self.host, self._news)
        self._tasks: list[asyncio.Task[None]] = []
        self.health = Health(leases=lambda: self._leases.confirmed)
        metrics.gauge("sensor_running", "Sensors that this service runs").set_function(lambda: len(self.host))

    async def start(self) -> None:
        orphans.adopt()
        await asyncio.to_thread(clear_leftovers, self._settings.data_dir)
        self._tasks = [asyncio.create_task(part()) for part in (self._leases.run, self._leases.watch)]
        _log.info("started", name=self._settings.sensor_name)

    async def stop(self, grace: float) -> None:
        """Stop the sensors, send what they said, and let others have them at once."""
        self.health.drain()
        await lifecycle.cancel(self._tasks)
        await self.host.stop(grace)
        await self._leases.ask(stopping=True)
        await self._programs.stop()
        await self._client.close()
        _log.info("stopped", name=self._settings.sensor_name)


async def main(settings: Settings, stopping: asyncio.Event | None = None) -> None:
    """The process of a sensor service: until `stopping` is set, or until it is cancelled."""
    logging.configure(settings, SERVICE)
    orphans.claim_all()
    service = SensorService(settings)
    server = HealthServer(service.health, settings.health_host, settings.health_port)
    watch = HealthWatch(service.health)

    async def stop(grace: float) -> None:
        await watch.stop()
        await service.stop(grace)

    await server.start()
    watch.start()
    try:
        await lifecycle.until_stopped(stopping or asyncio.Event(), service.start, stop, settings.grace_seconds)
    finally:
        await server.stop()
