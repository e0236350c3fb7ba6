"""Executors that come and go in the middle of batches, messages three times: every run ends as if nothing was."""

from __future__ import annotations

import asyncio

from tests.integration.executor.replay import differences
from tests.integration.executor.test_journal import EVERYTHING, stumbling
from tests.integration.executor.world import World
from tests.support.postgres import execute

RUNS = 25
ROUNDS = 12


async def test_executors_that_come_and_go_lose_nothing_and_do_nothing_twice(world: World) -> None:
    world.worker.script = stumbling
    world.worker.copies = 2
    await world.start(executors=2)
    ref = await world.define(EVERYTHING)
    async with world.store.unit() as unit:
        await unit.execute("INSERT INTO attune.kv (key, value) VALUES ('limit', '5')")
    executions = [await world.request(ref) for _ in range(RUNS)]
    for _ in range(ROUNDS):
        await asyncio.sleep(0.05)
        await world.add_executor()
        await world.executors.pop(0).stop(0)
    for execution in executions:
        row = await world.ended(execution, 60)
        assert row["result"] == {"passes": 3, "items": 30, "limit": 5}, await world.story(execution)
    for execution in executions:
        assert await differences(world, await world.run_of(execution)) == []
    assert await world.value("SELECT count(*) FROM attune.incident") == 0
    assert len({job.token for job in world.worker.jobs}) == len(world.worker.jobs)
    met = {job.execution_id for job in world.worker.jobs if job.task_name == "meet"}
    assert len(met) == RUNS


async def test_connections_that_are_cut_all_the_time_lose_nothing(world: World) -> None:
    """Every database session ends in the middle of what it does, again and again."""
    world.worker.script = stumbling
    await world.start(executors=2)
    ref = await world.define(EVERYTHING)
    executions = [await world.request(ref) for _ in range(RUNS)]
    for _ in range(ROUNDS):
        await asyncio.sleep(0.05)
        await execute(world.settings.database_url, _CUT)
    for execution in executions:
        row = await world.ended(execution, 60)
        assert row["result"] == {"passes": 3, "items": 30, "limit": 3}, await world.story(execution)
        assert await differences(world, await world.run_of(execution)) == []
    assert await world.value("SELECT count(*) FROM attune.incident") == 0


_CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'attune/%' AND pid <> pg_backend_pid()
"""
