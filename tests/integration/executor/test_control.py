"""Pause, resume, cancel, retry and timeouts of runs, through their subworkflows too."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.integration.executor.fake_worker import Reply
from tests.integration.executor.world import World
from tests.support.waiting import until

from attune_api.usecases.cancel_execution import cancel_execution
from attune_common.bus import topology
from attune_common.contracts.execution import ExecutionCancel, ExecutionScheduled

TWO = """
ref: t.two
tasks:
  - {name: one, action: t.echo, on_success: two}
  - {name: two, action: t.echo}
"""
NEST = """
ref: t.nest
tasks:
  - {name: inner, action: t.two, on_success: after}
  - {name: after, action: t.echo}
"""


def silent(job: ExecutionScheduled) -> Reply | None:
    return None


class Ears:
    """What workers are told over the control exchange."""

    def __init__(self) -> None:
        self.cancels: list[ExecutionCancel] = []

    async def listen(self, world: World) -> None:
        async def hear(deliveries: Sequence[object]) -> None:
            for one in deliveries:
                self.cancels.extend(one.messages)  # type: ignore[attr-defined]

        await world.bus.consume(topology.control("ears"), hear)  # type: ignore[arg-type]


async def run_status(world: World, run: int, wanted: str) -> None:
    query = "SELECT status FROM attune.workflow_run WHERE id = $1"

    async def reached() -> bool:
        return await world.value(query, run) == wanted

    await until(reached, 10, f"run {run} {wanted}")


async def test_pause_lets_running_work_end_and_resume_goes_on(world: World) -> None:
    world.worker.script = silent
    await world.start()
    execution = await world.request(await world.define(TWO))
    (job,) = await world.worker.got(1)
    run = await world.run_of(execution)
    await world.ask(run, "pause")
    await run_status(world, run, "pausing")
    await world.worker.reply(job, Reply())
    await run_status(world, run, "paused")
    assert await world.status(execution) == "paused"
    assert len(world.worker.jobs) == 1
    world.worker.script = lambda job: Reply()
    await world.ask(run, "resume")
    assert (await world.ended(execution))["status"] == "completed"


async def test_a_retry_that_comes_due_while_paused_waits(world: World) -> None:
    ref = await world.define("ref: t.due\ntasks:\n  - {name: a, action: t.echo, retry: {count: 1, delay: 3}}\n")
    world.worker.script = lambda job: Reply("failed") if job.attempt == 1 else Reply()
    await world.start()
    execution = await world.request(ref)
    await until(lambda: world.value("SELECT count(*) FROM attune.timer"), describe="the timer")
    run = await world.run_of(execution)
    await world.ask(run, "pause")
    await until(lambda: world.value("SELECT count(*) FROM attune.timer WHERE held"), describe="the held timer")
    assert len(world.worker.jobs) == 1
    await world.ask(run, "resume")
    assert (await world.ended(execution))["status"] == "completed"
    assert [job.attempt for job in world.worker.jobs] == [1, 2]


async def _asked_to_stop(world: World) -> tuple[int, ExecutionScheduled, Ears]:
    """A run is cancelled whose task a worker runs: its execution, the job, what workers hear."""
    ears = Ears()
    await ears.listen(world)
    world.worker.script = silent
    await world.start()
    execution = await world.request(await world.define(TWO))
    (job,) = await world.worker.got(1)
    await world.worker.accept(job)
    await world.reaches(job.execution_id, "running")
    await world.ask(await world.run_of(execution), "cancel")
    await world.reaches(job.execution_id, "canceling")
    return execution, job, ears


async def test_cancel_stops_what_runs(world: World) -> None:
    execution, job, ears = await _asked_to_stop(world)
    assert await world.status(execution) == "canceling"
    await until(lambda: job.token in [one.token for one in ears.cancels], describe="the cancel")
    await world.worker.reply(job, Reply("cancelled"))
    assert (await world.ended(execution))["status"] == "cancelled"


async def test_who_was_asked_to_stop_ends_it_however_often_it_is_cancelled(world: World) -> None:
    """Else its run could begin it anew beside a worker that has not heard yet."""
    world.settings = world.settings.model_copy(update={"cancel_lost_seconds": 60.0, "lease_seconds": 60.0})
    execution, job, ears = await _asked_to_stop(world)
    await cancel_execution(world.store, job.execution_id)
    await until(lambda: len(ears.cancels) == 2, describe="the second cancel")
    await world.worker.reply(job, Reply("cancelled", error="the worker has stopped it"))
    assert (await world.ended(job.execution_id))["error"]["message"] == "the worker has stopped it"
    assert (await world.ended(execution))["status"] == "cancelled"


async def test_cancel_drops_what_nobody_has_accepted(world: World) -> None:
    world.worker.script = silent
    await world.start()
    execution = await world.request(await world.define(TWO))
    (job,) = await world.worker.got(1)
    await world.ask(await world.run_of(execution), "cancel")
    assert (await world.ended(execution))["status"] == "cancelled"
    await world.worker.reply(job, Reply())
    assert await world.status(job.execution_id) == "cancelled"


async def test_a_worker_that_ignores_a_cancel_is_given_up(world: World) -> None:
    world.worker.script = silent
    await world.start()
    execution = await world.request(await world.define(TWO))
    (job,) = await world.worker.got(1)
    await world.worker.accept(job)
    await world.reaches(job.execution_id, "running")
    await world.ask(await world.run_of(execution), "cancel")
    assert (await world.ended(execution))["status"] == "cancelled"


async def test_control_goes_down_to_subworkflows(world: World) -> None:
    await world.define(TWO)
    world.worker.script = silent
    await world.start()
    execution = await world.request(await world.define(NEST))
    (job,) = await world.worker.got(1)
    run = await world.run_of(execution)
    child = job.workflow_execution_id or 0
    await world.ask(run, "pause")
    await run_status(world, child, "pausing")
    await world.worker.reply(job, Reply())
    await run_status(world, child, "paused")
    await run_status(world, run, "paused")
    await world.ask(run, "resume")
    jobs = await world.worker.got(2)
    await run_status(world, run, "running")
    await world.ask(run, "cancel")
    assert (await world.ended(execution))["status"] == "cancelled"
    assert jobs[1].task_name == "two"
    assert await world.value("SELECT count(*) FROM attune.workflow_run WHERE status = 'cancelled'") == 2


async def test_a_run_that_is_too_slow_ends_with_timeout(world: World) -> None:
    world.worker.script = silent
    await world.start()
    ref = await world.define("ref: t.slow\ntimeout: 0.2\ntasks:\n  - {name: a, action: t.echo}\n")
    row = await world.ended(await world.request(ref))
    assert (row["status"], row["error"]["type"]) == ("timeout", "timeout")
    assert await world.value("SELECT count(*) FROM attune.timer") == 0


async def test_a_failed_run_goes_on_from_its_failed_task(world: World) -> None:
    world.worker.script = lambda job: Reply("failed", error="no") if job.task_name == "two" else Reply()
    await world.start()
    execution = await world.request(await world.define(TWO))
    assert (await world.ended(execution))["status"] == "failed"
    world.worker.script = lambda job: Reply()
    await world.ask(await world.run_of(execution), "retry")
    row = await world.reaches(execution, "completed")
    assert (row["tries"], row["error"]) == (2, None)
    assert [job.task_name for job in world.worker.jobs] == ["one", "two", "two"]


async def test_an_inquiry_waits_without_a_worker_and_its_default_answers_it(world: World) -> None:
    ref = await world.define(
        """
ref: t.asks
tasks:
  - {name: ask, action: t.ask, input: {prompt: "Go?", timeout: 0.3, default: {go: true}}, on_success: then}
  - {name: then, action: t.echo, input: {go: "{{ task.ask.result.go }}"}}
output_map: "{{ task.then.result }}"
"""
    )
    await world.start()
    execution = await world.request(ref)
    await world.reaches(execution, "waiting")
    inquiry = (await world.rows("SELECT prompt, status, default_response FROM attune.inquiry"))[0]
    assert (inquiry["prompt"], inquiry["default_response"]) == ("Go?", {"go": True})
    assert (await world.ended(execution))["result"] == {"go": True}
    assert await world.value("SELECT status FROM attune.inquiry") == "timeout"


@pytest.mark.parametrize("kind", ["pause", "resume", "cancel", "retry"])
async def test_a_request_that_makes_no_sense_is_dropped(world: World, kind: str) -> None:
    await world.start()
    execution = await world.request(await world.define(TWO))
    await world.ended(execution)
    await world.ask(await world.run_of(execution), kind)
    await until(lambda: world.value("SELECT count(*) FROM attune.run_request WHERE done"), describe="done")
    assert await world.status(execution) == "completed"
