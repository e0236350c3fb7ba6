"""The services of one process, over one store and one memory bus. The one place that knows several of them."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable

from fastapi import FastAPI

from attune_api.app import create_app
from attune_cli.serving import Serving
from attune_common.bus.memory import MemoryBus
from attune_common.outbox import Relay
from attune_common.runtime.bounded_http import BoundedProtocol
from attune_common.runtime.settings import Settings
from attune_common.store.store import Store
from attune_executor.app import Executor
from attune_notifier.app import Notifier
from attune_sensor.app import SensorService
from attune_worker.app import Worker

DRAIN_SECONDS = 10.0

Later = Callable[[Callable[[], Awaitable[None]]], None]
"""Remembers how to stop a part that was started; the last one is stopped first."""


def _serving(app: FastAPI, listening: socket.socket) -> Serving:
    """With the same bounds as `attune api`."""
    return Serving(app, listening, lifespan=True, http=BoundedProtocol)


def _store(settings: Settings, *, by_key: bool = False) -> Store:
    """One with plans made for each question, as the API has it, and one whose plans are kept, for the executor."""
    return Store(settings, source="attune/dev", by_key=by_key)


async def start_services(settings: Settings, listening: socket.socket, later: Later) -> None:
    """All of them; sensors and worker come last and go first, the streams end before the server that serves them."""
    store, by_key, bus = _store(settings), _store(settings, by_key=True), MemoryBus()
    for each in (store, by_key):
        await each.open()
        later(each.close)
    await bus.start()
    later(bus.stop)
    relay = Relay(by_key, bus, store)
    await relay.start()
    later(relay.stop)
    notifier = Notifier(bus, settings)
    app = create_app(store, bus, settings, extra_routers=(notifier.router,))
    executor, serving = Executor(by_key, bus, settings), _serving(app, listening)
    worker = Worker(bus, settings)
    await executor.recover.take_over()
    await executor.start()
    later(lambda: executor.stop(DRAIN_SECONDS))
    await serving.start()
    later(lambda: serving.stop(DRAIN_SECONDS))
    await notifier.start()
    later(notifier.stop)
    await worker.start()
    later(lambda: worker.stop(DRAIN_SECONDS))
    sensors = SensorService(settings)
    await sensors.start()
    later(lambda: sensors.stop(DRAIN_SECONDS))
