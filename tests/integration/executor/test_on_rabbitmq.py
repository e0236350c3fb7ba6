"""The same over RabbitMQ: jobs, completions, two executors, one of which goes away in the middle."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.integration.executor.test_items import ITEMS
from tests.integration.executor.test_workflows import PARENT, SEQUENCE
from tests.integration.executor.world import World

from attune_common.bus import topology
from attune_common.bus.factory import build_bus
from attune_common.runtime.settings import Settings


@pytest.fixture
async def rabbit_world(database_url: str, fresh_amqp_url: str) -> AsyncIterator[World]:
    bus = build_bus(Settings(amqp_url=fresh_amqp_url), "attune/test")
    world = World(database_url, bus)
    await world.open()
    await bus.declare(topology.worker("default", 200))
    try:
        yield world
    finally:
        await world.close()


async def test_workflows_run_over_rabbitmq(rabbit_world: World) -> None:
    world = rabbit_world
    await world.define(SEQUENCE)
    parent, items = await world.define(PARENT), await world.define(ITEMS)
    await world.start(executors=2)
    executions = [await world.request(parent) for _ in range(10)]
    many = await world.request(items, {"count": 300})
    await world.executors.pop().stop(5)
    for execution in executions:
        assert (await world.ended(execution, 30))["result"] == {"said": "hello Bob!"}
    assert (await world.ended(many, 30))["result"]["done"] == 300
    assert await world.value("SELECT count(*) FROM attune.incident") == 0
