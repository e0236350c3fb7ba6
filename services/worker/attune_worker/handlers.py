"""What the worker listens to: jobs of its pools, and the control messages to all workers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from attune_common.bus import topology
from attune_common.bus.bus import Bus, Consumer, Delivery
from attune_common.contracts.execution import ExecutionCancel, ExecutionScheduled
from attune_common.runtime import logging, metrics
from attune_worker.jobs import Job, Jobs
from attune_worker.results import Outbound
from attune_worker.run import Runner
from attune_worker.runtimes import slot_kind
from attune_worker.slots import SlotKind, Slots

_PATIENCE = 1.0
_KEY = "execution.scheduled."
log = logging.get("worker.handlers")


class JobIntake:
    """Takes jobs when there is room for them, and no others.

    A delivery is in hand until each of its jobs has ended or is accepted, and both is confirmed. Jobs of a full
    delivery that find no place are sent again one by one, so that other workers get them. A worker without a place
    for a second stops listening until there is one: what waits for it waits in the queue, where others find it.
    """

    def __init__(self, bus: Bus, jobs: Jobs, slots: Slots, runner: Runner, outbound: Outbound) -> None:
        self._bus, self._jobs, self._slots, self._runner, self._outbound = bus, jobs, slots, runner, outbound
        self._consumers: list[Consumer] = []
        self._pools: tuple[str, ...] = ()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._pause: asyncio.Task[None] | None = None

    async def start(self, pools: Iterable[str], prefetch: int) -> None:
        self._pools, self._prefetch = tuple(pools), prefetch
        await self._listen()

    async def stop(self) -> None:
        """Take nothing more; what is in hand and not started goes back."""
        self._stopping.set()
        if self._pause is not None:
            self._pause.cancel()
            await asyncio.gather(self._pause, return_exceptions=True)
        await self._silence()

    async def on_jobs(self, deliveries: list[Delivery]) -> None:
        await asyncio.gather(*(self._deliver(delivery) for delivery in deliveries))

    async def _deliver(self, delivery: Delivery) -> None:
        wanted = [message for message in delivery.messages if isinstance(message, ExecutionScheduled)]
        taken, left = self._take(wanted)
        if left and not taken and not self._in_hand(wanted):
            job = await self._wait_for_place(left[0])
            if job is None:
                await delivery.requeue()
                return
            taken.append(job)
            left = left[1:]
        await self._send_again(left, delivery.routing_key)
        for job in [*taken, *self._in_hand(wanted)]:
            await job.settled.wait()
        await delivery.ack()

    def _take(self, wanted: list[ExecutionScheduled]) -> tuple[list[Job], list[ExecutionScheduled]]:
        """Start what there is room for: the jobs started, and what is left. Repeats are neither."""
        taken: list[Job] = []
        left: list[ExecutionScheduled] = []
        for spec in wanted:
            if self._jobs.get(spec.token) is not None or self._jobs.is_over(spec.token):
                metrics.counter("worker_repeats_total", "Jobs delivered again to the worker that has them").inc()
            elif not self._stopping.is_set() and self._slots.take(slot_kind(spec.runtime)):
                taken.append(self._begin(spec))
            else:
                left.append(spec)
        return taken, left

    def _in_hand(self, wanted: list[ExecutionScheduled]) -> list[Job]:
        found = (self._jobs.get(spec.token) for spec in wanted)
        return [job for job in found if job is not None]

    async def _wait_for_place(self, spec: ExecutionScheduled) -> Job | None:
        kind = slot_kind(spec.runtime)
        if not self._stopping.is_set() and await self._slots.wait(kind, _PATIENCE):
            if not self._stopping.is_set():
                return self._begin(spec)
            self._slots.release(kind)
        self._pause_until_free(kind)
        return None

    def _begin(self, spec: ExecutionScheduled) -> Job:
        job = self._jobs.add(spec)
        if self._runner.finish_at_once(job):
            self._slots.release(slot_kind(spec.runtime))
            return job
        task = asyncio.create_task(self._run(job), name=f"attempt {spec.execution_id}.{spec.attempt}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    async def _run(self, job: Job) -> None:
        try:
            await self._runner.run(job)
        finally:
            self._slots.release(slot_kind(job.spec.runtime))

    async def _send_again(self, left: list[ExecutionScheduled], routing_key: str) -> None:
        pool = routing_key.removeprefix(_KEY)
        if left:
            await asyncio.gather(*(self._outbound.send(spec, pool, alone=True) for spec in left))

    def _pause_until_free(self, kind: SlotKind) -> None:
        if self._pause is None and not self._stopping.is_set():
            self._pause = asyncio.create_task(self._pause_listening(kind))

    async def _pause_listening(self, kind: SlotKind) -> None:
        await self._silence()
        while not await self._slots.wait(kind, 60.0):
            log.info("still_full", kind=kind, jobs=len(self._jobs))
        self._slots.release(kind)
        self._pause = None
        await self._listen()

    async def _listen(self) -> None:
        for pool in self._pools:
            subscription = topology.worker(pool, self._prefetch)
            self._consumers.append(await self._bus.consume(subscription, self.on_jobs))

    async def _silence(self) -> None:
        consumers, self._consumers = self._consumers, []
        await asyncio.gather(*(consumer.stop() for consumer in consumers))


class Control:
    """Hears cancels and drops; those of other workers are remembered in case the job comes later."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    async def on_control(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            for message in delivery.messages:
                if isinstance(message, ExecutionCancel):
                    self._jobs.cancel(message.token)
