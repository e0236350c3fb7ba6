"""Pauses that meet work in flight: subworkflows that are being made, iterations between windows, due timers."""

from __future__ import annotations

import asyncio

from tests.integration.executor.fake_worker import Reply, echo
from tests.integration.executor.replay import differences
from tests.integration.executor.test_control import NEST, TWO, run_status, silent
from tests.integration.executor.test_items import ITEMS
from tests.integration.executor.world import World
from tests.support.waiting import until

from attune_common.contracts.execution import ExecutionRequested
from attune_executor.app import Executor
from attune_executor.workflows import Requested

INNER = "SELECT id FROM attune.execution WHERE task_name = 'inner'"


def asked(execution: int) -> ExecutionRequested:
    return ExecutionRequested(execution_id=execution, action_ref="")


async def test_a_subworkflow_that_is_made_while_its_parent_pauses_begins_paused(world: World) -> None:
    """The executor consumes nothing yet: the test says what is taken when."""
    await world.define(TWO)
    execution = await world.request(await world.define(NEST))
    executor = Executor(world.store, world.bus, world.settings)
    await executor.schedule.take([asked(execution)])
    run = await world.run_of(execution)
    await world.ask(run, "pause")
    await executor.workflows.take([Requested(run)])
    assert await world.status(execution) == "pausing"
    inner = await world.value(INNER)
    await executor.schedule.take([asked(inner)])
    child = await world.run_of(inner)
    await run_status(world, child, "paused")
    await executor.workflows.take([Requested(run)])
    assert await world.status(execution) == "paused"
    assert await world.value("SELECT count(*) FROM attune.execution WHERE workflow_run = $1", child) == 0
    await world.start()
    await world.ask(run, "resume")
    assert (await world.ended(execution))["status"] == "completed"
    assert [job.task_name for job in world.worker.jobs] == ["one", "two", "after"]
    assert await differences(world, child) == []


async def test_pause_and_the_making_of_a_subworkflow_at_the_same_time(world: World) -> None:
    """Whoever comes first: in the end parent and child are both paused, and both go on."""
    await world.define(TWO)
    await world.define(NEST)
    executor, other = (Executor(world.store, world.bus, world.settings) for _ in range(2))
    runs: list[tuple[int, int, int]] = []
    for _ in range(15):
        execution = await world.request("t.nest")
        await executor.schedule.take([asked(execution)])
        run = await world.run_of(execution)
        await world.ask(run, "pause")
        inner = await world.value(f"{INNER} AND workflow_run = $1", run)
        await asyncio.gather(other.workflows.take([Requested(run)]), executor.schedule.take([asked(inner)]))
        runs.append((execution, run, await world.run_of(inner)))
    world.worker.script = silent
    await world.start()
    for execution, _, child in runs:
        await until(lambda child=child: _asked_or_paused(world, child), 10, "the child is told")  # type: ignore[misc]
        await until(lambda child=child: _paused_when_answered(world, child), 10, "the child is paused")  # type: ignore[misc]
        await world.reaches(execution, "paused")
    world.worker.script = echo
    for execution, run, _ in runs:
        await world.ask(run, "resume")
        assert (await world.ended(execution))["status"] == "completed"


async def _asked_or_paused(world: World, child: int) -> bool:
    status = await world.value("SELECT status FROM attune.workflow_run WHERE id = $1", child)
    return status in ("pausing", "paused")


async def _paused_when_answered(world: World, child: int) -> bool:
    """A job of the child may reach its worker after the child was told to pause."""
    jobs = [job for job in world.worker.jobs if job.workflow_execution_id == child]
    for job in jobs:
        world.worker.jobs.remove(job)
        await world.worker.reply(job, Reply())
    return await world.value("SELECT status FROM attune.workflow_run WHERE id = $1", child) == "paused"


async def test_an_iteration_is_paused_between_two_windows(world: World) -> None:
    world.worker.script = silent
    await world.start(executors=2)
    execution = await world.request(await world.define(ITEMS), {"count": 60})
    jobs = list(await world.worker.got(25))
    run = await world.run_of(execution)
    await world.ask(run, "pause")
    await world.reaches(execution, "pausing")
    for job in jobs:
        await world.worker.reply(job, Reply(result=dict(job.parameters)))
    await world.reaches(execution, "paused")
    assert len(world.worker.jobs) == 25
    world.worker.script = echo
    await world.ask(run, "resume")
    row = await world.ended(execution)
    assert row["result"]["done"] == 60
    assert await differences(world, run) == []


async def test_items_that_retry_while_paused_fire_after_resume(world: World) -> None:
    text = """
ref: t.flaky
tasks:
  - {name: each, action: t.echo, with_items: [1, 2, 3], retry: {count: 1, delay: 5}, input: {n: "{{ item }}"}}
"""
    world.worker.script = lambda job: Reply("failed") if job.attempt == 1 else Reply(result=1)
    await world.start()
    execution = await world.request(await world.define(text))
    await until(lambda: world.value("SELECT count(*) = 3 FROM attune.timer"), describe="three timers")
    run = await world.run_of(execution)
    await world.ask(run, "pause")
    await world.reaches(execution, "paused")
    await until(lambda: world.value("SELECT count(*) = 3 FROM attune.timer WHERE held"), describe="held timers")
    assert len(world.worker.jobs) == 3
    await world.ask(run, "resume")
    assert (await world.ended(execution))["status"] == "completed"
    assert sorted(job.attempt for job in world.worker.jobs) == [1, 1, 1, 2, 2, 2]


async def test_cancel_of_a_paused_run_reaches_its_paused_children(world: World) -> None:
    await world.define(TWO)
    world.worker.script = silent
    await world.start()
    execution = await world.request(await world.define(NEST))
    (job,) = await world.worker.got(1)
    run = await world.run_of(execution)
    await world.ask(run, "pause")
    await run_status(world, job.workflow_execution_id or 0, "pausing")
    await world.worker.reply(job, Reply())
    await world.reaches(execution, "paused")
    await world.ask(run, "cancel")
    assert (await world.ended(execution))["status"] == "cancelled"
    assert len(world.worker.jobs) == 1
    assert await world.value("SELECT count(*) FROM attune.workflow_run WHERE status = 'cancelled'") == 2


async def test_allow_finish_lets_a_subworkflow_end_and_drops_what_waits(world: World) -> None:
    await world.define(TWO)
    text = """
ref: t.spare
cancellation_policy: allow_finish
tasks:
  - {name: inner, action: t.two, on_success: after}
  - {name: ask, action: t.ask, input: {prompt: Go?}}
  - {name: after, action: t.echo}
"""
    world.worker.script = silent
    await world.start()
    execution = await world.request(await world.define(text))
    (job,) = await world.worker.got(1)
    await until(lambda: world.value("SELECT count(*) FROM attune.inquiry"), describe="the inquiry")
    await world.ask(await world.run_of(execution), "cancel")
    await until(lambda: world.value("SELECT status = 'cancelled' FROM attune.inquiry"), describe="dropped")
    assert await world.status(execution) == "canceling"
    world.worker.script = echo
    await world.worker.reply(job, Reply())
    assert (await world.ended(execution))["status"] == "cancelled"
    assert [each.task_name for each in world.worker.jobs] == ["one", "two"]
    assert await world.value("SELECT status FROM attune.execution WHERE task_name = 'inner'") == "completed"
