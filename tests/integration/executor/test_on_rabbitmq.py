"""The same over RabbitMQ: jobs, completions, two executors, one of which goes away in the middle."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.integration.executor.fake_worker import Reply, echo
from tests.integration.executor.test_control import run_status
from tests.integration.executor.test_inquiries import ASKS, answer, open_inquiry
from tests.integration.executor.test_items import ITEMS
from tests.integration.executor.test_tried_again import EACH, ONLY_FAILED, failing, try_again
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


async def test_control_of_nested_runs_and_iterations_over_rabbitmq(rabbit_world: World) -> None:
    world = rabbit_world
    await world.define(ITEMS)
    outer = await world.define("ref: t.outer\ntasks:\n  - {name: inner, action: t.items, input: {count: 60}}\n")
    world.worker.script = lambda job: None
    await world.start(executors=2)
    execution = await world.request(outer)
    jobs = list(await world.worker.got(25, 30))
    run = await world.run_of(execution)
    await world.ask(run, "pause")
    await run_status(world, jobs[0].workflow_execution_id or 0, "pausing")
    for job in jobs:
        await world.worker.reply(job, Reply(result=1))
    await world.reaches(execution, "paused", deadline=30)
    assert len(world.worker.jobs) == 25
    world.worker.script = lambda job: Reply("failed") if job.parameters.get("n") == 80 else Reply(result=1)
    await world.ask(run, "resume")
    assert (await world.ended(execution, 30))["status"] == "failed"
    world.worker.script = echo
    await world.ask(run, "retry")
    await world.reaches(execution, "completed", deadline=30)
    world.worker.script = lambda job: None
    before = len(world.worker.jobs)
    other = await world.request(outer)
    await world.worker.got(before + 25, 30)
    await world.ask(await world.run_of(other), "cancel")
    assert (await world.ended(other, 30))["status"] == "cancelled"
    assert await world.value("SELECT count(*) FROM attune.incident") == 0


async def test_failed_items_and_answers_over_rabbitmq(rabbit_world: World) -> None:
    world = rabbit_world
    each = await world.define(EACH)
    world.worker.script = failing(3)
    await world.start(executors=2)
    items, asks = await world.request(each, {"count": 50}), await world.request(await world.define(ASKS))
    assert (await world.ended(items, 30))["status"] == "failed"
    world.worker.script = echo
    row = await try_again(world, items, "completed", ONLY_FAILED)
    assert row["result"]["done"] == 50
    (inquiry,) = await open_inquiry(world)
    await answer(world, inquiry["id"], {"go": True})
    assert (await world.ended(asks, 30))["result"] == {"answer": {"go": True}, "late": None}
    assert await world.value("SELECT count(*) FROM attune.incident") == 0
