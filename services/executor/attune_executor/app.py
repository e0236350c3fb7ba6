"""The executor as a process: consumers, timers and sweeps over one store and one bus."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from attune_common import pruning
from attune_common.bus.bus import Bus, Consumer, condition
from attune_common.bus.factory import build_bus
from attune_common.bus.topology import DEAD_LETTERS
from attune_common.outbox import Relay
from attune_common.runtime import lifecycle, logging
from attune_common.runtime.health import Health
from attune_common.runtime.health_server import HealthServer
from attune_common.runtime.health_watch import HealthWatch
from attune_common.runtime.settings import Settings
from attune_common.store.errors import is_transient
from attune_common.store.store import Store
from attune_executor.admit import Admit
from attune_executor.census import Census
from attune_executor.context import Context
from attune_executor.dead_letters import DeadLetters
from attune_executor.enforce import Enforce
from attune_executor.handlers import patient, subscriptions
from attune_executor.isolation import Isolation
from attune_executor.leases import Leases
from attune_executor.logs import Logs
from attune_executor.presence import Presence
from attune_executor.recover import Recover
from attune_executor.schedule import Schedule
from attune_executor.ticks import Ticks
from attune_executor.timers import Timers
from attune_executor.workflows import Workflows

SERVICE = "executor"
_log = logging.get("attune.executor")


class Executor:
    """Starts, advances and ends executions. Any number may run over the same database and bus.

    The store must be open and have a relay (`attune_common.outbox.Relay`), the bus must be started.
    """

    def __init__(self, store: Store, bus: Bus, settings: Settings) -> None:
        self.context = Context(store, bus, settings)
        isolation = Isolation(store)
        self.workflows = Workflows(self.context, isolation)
        self.schedule = Schedule(self.context, isolation)
        self.enforce = Enforce(self.context, isolation)
        self._admit = Admit(self.context, self.workflows)
        self.recover = Recover(self.context, self.workflows, self.enforce, self._admit)
        self._timers = Timers(self.context, self.workflows)
        self._ticks = Ticks(self.context)
        self._census = Census(self.context)
        self._presence = Presence(self.context, self.recover.calm)
        listening = subscriptions(self.schedule, self.workflows, Leases(self.context), self.enforce, Logs(self.context))
        self._subscriptions = self.recover.calm.counting(listening)
        self._subscriptions.append((DEAD_LETTERS, patient(DeadLetters(self.context).keep)))
        self._consumers: list[Consumer] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Consume, watch timers, sweep."""
        for subscription, handler in self._subscriptions:
            self._consumers.append(await self.context.bus.consume(subscription, handler))
        loops = (self._timers.run, self._ticks.run, self._admit.run, self.recover.run)
        for loop in (*loops, self._presence.run, self._census.run, self._prune):
            self._tasks.append(asyncio.create_task(_forever(loop)))

    async def _prune(self) -> None:
        await pruning.forever(self.context.store, self.context.settings.retention.seconds())

    async def stop(self, grace: float) -> None:
        """Take nothing more and let what is in hand commit within `grace` seconds; then let go of it."""
        for task in self._tasks:
            task.cancel()
        consumers, self._consumers = self._consumers, []
        try:
            async with asyncio.timeout(grace):
                await asyncio.gather(*(consumer.stop() for consumer in consumers))
        except TimeoutError:
            _log.warning("stopped in the middle of a batch; it will be taken again")
        await lifecycle.cancel(self._tasks)
        self._tasks = []
        await self._presence.leave()


async def _forever(loop: Callable[[], Awaitable[None]]) -> None:
    """Run the loop again after whatever ended it."""
    while True:
        try:
            await loop()
        except asyncio.CancelledError:
            if lifecycle.being_cancelled():
                raise
        except Exception as error:
            if is_transient(error):
                _log.debug("the database is not available", error=f"{type(error).__name__}: {error}")
            else:
                _log.exception("a loop of the executor stumbled")
        await asyncio.sleep(random.uniform(0.05, 1.0))


async def main(settings: Settings, stopping: asyncio.Event | None = None) -> None:
    """Run an executor until `stopping` is set."""
    logging.configure(settings, SERVICE)
    store, bus = Store(settings, source=f"attune/{SERVICE}", by_key=True), build_bus(settings, f"attune/{SERVICE}")
    relay, executor = Relay(store, bus), Executor(store, bus, settings)
    health = Health(database=store.condition, bus=lambda: condition(bus))
    server, watch = HealthServer(health, settings.health_host, settings.health_port), HealthWatch(health)

    async def start() -> None:
        await store.open()
        await bus.start()
        await relay.start()
        await executor.start()
        await server.start()
        watch.start()
        _log.info("started")

    async def stop(grace: float) -> None:
        health.drain()
        await watch.stop()
        await executor.stop(grace)
        await relay.stop()
        await bus.stop()
        await server.stop()
        await store.close()
        _log.info("stopped")

    await lifecycle.until_stopped(stopping or asyncio.Event(), start, stop, settings.grace_seconds)
