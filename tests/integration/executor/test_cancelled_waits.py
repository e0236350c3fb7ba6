"""Tasks that are cancelled while they wait: for their next attempt, or for an answer whose cancel was lost."""

from __future__ import annotations

from tests.integration.executor.fake_worker import Reply
from tests.integration.executor.world import World
from tests.support.waiting import until

from attune_api.usecases.cancel_execution import cancel_execution

RETRIES = """
ref: t.retries
tasks:
  - {name: a, action: t.echo, retry: {count: 3, delay: 3}}
"""
ASKS = """
ref: t.asks
tasks:
  - {name: ask, action: t.ask, input: {prompt: "Go?"}}
"""
_WAITING = "SELECT id FROM attune.execution WHERE workflow_run IS NOT NULL AND status = 'waiting'"


async def test_what_is_cancelled_before_its_next_attempt_is_not_attempted_again(world: World) -> None:
    world.worker.script = lambda job: Reply("failed")
    await world.start()
    execution = await world.request(await world.define(RETRIES))
    task = await until(lambda: world.value(_WAITING), describe="the wait for the next attempt")
    await cancel_execution(world.store, task)
    assert (await world.ended(task))["status"] == "cancelled"
    assert (await world.ended(execution))["status"] == "failed"
    assert [job.attempt for job in world.worker.jobs] == [1]


async def test_a_question_whose_cancel_was_lost_is_closed_by_a_sweep(world: World) -> None:
    await world.start()
    execution = await world.request(await world.define(ASKS))
    task = await until(lambda: world.value(_WAITING), describe="the question")
    await world.rows("UPDATE attune.execution SET cancel_requested = true WHERE id = $1", task)
    assert (await world.ended(task))["status"] == "cancelled"
    assert (await world.ended(execution))["status"] == "failed"
    assert await world.value("SELECT status FROM attune.inquiry") == "cancelled"
