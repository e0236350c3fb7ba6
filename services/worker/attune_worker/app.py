"""The worker put together, and its process."""

from __future__ import annotations

import asyncio
import shutil

from attune_common.bus import topology
from attune_common.bus.bus import Bus, Consumer, condition
from attune_common.bus.factory import build_bus
from attune_common.hosting.children import orphans
from attune_common.hosting.children.workplace import clear_leftovers
from attune_common.hosting.environments import Environments
from attune_common.hosting.outgoing.client import HttpClient
from attune_common.hosting.outgoing.egress import Egress
from attune_common.hosting.packs import Packs
from attune_common.runtime import logging, metrics
from attune_common.runtime.clock import Deadline
from attune_common.runtime.health import Health
from attune_common.runtime.health_server import HealthServer
from attune_common.runtime.health_watch import HealthWatch
from attune_common.runtime.lifecycle import until_stopped
from attune_common.runtime.limits import MIB
from attune_common.runtime.settings import Settings
from attune_worker.claims import Claims
from attune_worker.handlers import Control, JobIntake
from attune_worker.jobs import Jobs, Stop
from attune_worker.leases import Leases
from attune_worker.results import Outbound
from attune_worker.run import Runner
from attune_worker.runtimes import Bench
from attune_worker.slots import Slots

_LIGHT_SLOTS = 500
_MOST_PREFETCHED = 8
_LAST_GRACE = 2.0
_LAST_MESSAGES = 5.0
_LEAST_ROOM = 16 * MIB
log = logging.get("worker")


class Worker:
    """Runs jobs of the pools in `settings` from `bus`, which is started already."""

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._bus, self._settings = bus, settings
        self._jobs = Jobs()
        self._outbound = Outbound(bus, settings.publish_timeout)
        self._leases = Leases(bus, self._jobs, settings)
        self._http, self._api = HttpClient(Egress.of(settings)), HttpClient(Egress("any"))
        self._environments = Environments(settings.data_dir)
        self._packs = Packs(settings, self._api)
        self._claims = Claims(self._api, settings)
        bench = Bench(settings, self._packs, self._environments, self._http, self._api, self._claims)
        runner = Runner(bench, self._jobs, self._outbound, settings.worker_name)
        slots = Slots(settings.worker_slots, _LIGHT_SLOTS)
        self._intake = JobIntake(bus, self._jobs, slots, runner, self._outbound)
        self._control: Consumer | None = None
        self.health = Health(bus=lambda: condition(bus), heartbeat=self._leases.condition, disk=self._disk)
        metrics.gauge("worker_jobs", "Attempts in hand").set_function(lambda: len(self._jobs))

    async def start(self) -> None:
        orphans.adopt()
        await asyncio.to_thread(self._prepare_folders)
        await self._outbound.start()
        await self._leases.start()
        control = Control(self._jobs)
        self._control = await self._bus.consume(topology.control(self._settings.worker_name), control.on_control)
        prefetch = min(_MOST_PREFETCHED, self._settings.worker_slots)
        await self._intake.start(self._settings.pools, prefetch)
        log.info("started", name=self._settings.worker_name, pools=self._settings.pools)

    async def stop(self, grace: float) -> None:
        """Take nothing more, let actions end for `grace` seconds, end the rest and hand it back."""
        self.health.drain()
        deadline = Deadline(grace)
        stopping = asyncio.ensure_future(self._intake.stop())
        if not await self._jobs.all_ended(max(0.0, deadline.left - _LAST_GRACE)):
            await self._hand_back(min(_LAST_GRACE, grace))
        await stopping
        await self._outbound.stop(_LAST_MESSAGES)
        await self._leases.stop()
        if self._control is not None:
            await self._control.stop()
        await self._claims.stop()
        await self._packs.stop()
        await self._environments.stop()
        await self._http.close()
        await self._api.close()
        log.info("stopped", name=self._settings.worker_name, unfinished=len(self._jobs))

    async def _hand_back(self, grace: float) -> None:
        for job in self._jobs.all():
            job.handed_back = True
            job.stop(Stop.LOST, grace)
        await self._jobs.all_ended(grace + _LAST_MESSAGES)

    def _disk(self) -> tuple[bool, str]:
        """For a health check: whether there is room for what actions need."""
        free = shutil.disk_usage(self._settings.data_dir).free
        return (True, "") if free >= _LEAST_ROOM else (False, f"only {free:,} bytes are left for the data directory")

    def _prepare_folders(self) -> None:
        clear_leftovers(self._settings.data_dir)
        log.debug("sdk_ready", place=str(self._environments.sdk))


async def main(settings: Settings, stopping: asyncio.Event | None = None) -> None:
    """The worker's process: until `stopping` is set, or until it is cancelled."""
    logging.configure(settings, "worker")
    orphans.claim_all()
    bus = build_bus(settings, f"attune-worker-{settings.worker_name}")
    worker = Worker(bus, settings)
    server = HealthServer(worker.health, settings.health_host, settings.health_port)
    watch = HealthWatch(worker.health)

    async def stop(grace: float) -> None:
        await watch.stop()
        await worker.stop(grace)

    await server.start()
    try:
        await bus.start()
        watch.start()
        await until_stopped(stopping or asyncio.Event(), worker.start, stop, settings.grace_seconds)
    finally:
        await bus.stop()
        await server.stop()
