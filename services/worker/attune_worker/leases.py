"""Keeping the leases: a heartbeat with the tokens of all jobs in hand, and the end of them when nobody hears it."""

from __future__ import annotations

import asyncio

from attune_common.bus.bus import Bus, BusUnavailable
from attune_common.contracts.envelope import pack
from attune_common.contracts.worker import WorkerHeartbeat
from attune_common.hosting.children import orphans
from attune_common.runtime import lifecycle, logging, metrics
from attune_common.runtime.clock import monotonic, utcnow
from attune_common.runtime.settings import Settings
from attune_worker.jobs import Jobs, Stop

_LOOKS_PER_FENCE = 10
log = logging.get("worker.leases")


class Leases:
    """`fenced`: no heartbeat was confirmed for `self_fence_seconds`, so others may run our jobs by now."""

    def __init__(self, bus: Bus, jobs: Jobs, settings: Settings) -> None:
        self._bus, self._jobs, self._settings = bus, jobs, settings
        self._started_at = utcnow()
        self._confirmed = monotonic()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def fenced(self) -> bool:
        return monotonic() - self._confirmed > self._settings.self_fence_seconds

    def condition(self) -> tuple[bool, str]:
        """For a health check."""
        seconds = round(monotonic() - self._confirmed)
        return (False, f"nobody has heard this worker for {seconds} s") if self.fenced else (True, "")

    async def start(self) -> None:
        self._confirmed = monotonic()
        self._tasks = [asyncio.create_task(self._beat()), asyncio.create_task(self._watch())]

    async def stop(self) -> None:
        await lifecycle.cancel(self._tasks)

    async def _beat(self) -> None:
        while True:
            began = monotonic()
            confirmed = await self._tell()
            orphans.sweep()
            wait = self._settings.heartbeat_seconds if confirmed else self._settings.heartbeat_seconds / 10
            await asyncio.sleep(max(0.0, wait - (monotonic() - began)))

    async def _tell(self) -> bool:
        """The moment that counts is the one before sending: the lease began no later."""
        moment = monotonic()
        try:
            async with asyncio.timeout(self._settings.publish_timeout):
                await self._bus.publish(pack([(self._message(), "")], "attune/worker"))
        except (BusUnavailable, OSError, TimeoutError) as problem:
            metrics.counter("worker_heartbeats_unconfirmed_total", "Heartbeats nobody confirmed").inc()
            log.debug("heartbeat_unconfirmed", problem=str(problem))
            return False
        self._confirmed = moment
        return True

    def _message(self) -> WorkerHeartbeat:
        return WorkerHeartbeat(
            worker=self._settings.worker_name,
            pools=list(self._settings.pools),
            tokens=self._jobs.tokens(),
            started_at=self._started_at,
        )

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._settings.self_fence_seconds / _LOOKS_PER_FENCE)
            if self.fenced:
                self._fence()

    def _fence(self) -> None:
        jobs = [job for job in self._jobs.all() if job.why is None]
        if jobs:
            log.error("fenced", jobs=len(jobs), seconds=round(monotonic() - self._confirmed, 1))
            metrics.counter("worker_fenced_total", "Attempts ended because the broker was away").inc(len(jobs))
        for job in jobs:
            job.stop(Stop.LOST, grace=0.0)
