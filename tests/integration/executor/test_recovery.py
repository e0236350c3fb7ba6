"""Nothing hangs: lost messages, lost workers, restarts, poison, a bus that is away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.integration.executor.fake_worker import FakeWorker, Reply, completion
from tests.integration.executor.world import World
from tests.support.waiting import until

from attune_common.bus import topology
from attune_common.bus.bus import BusUnavailable
from attune_common.contracts.envelope import Wire
from attune_common.contracts.execution import ExecutionScheduled
from attune_common.contracts.worker import WorkerHeartbeat
from attune_common.runtime.clock import utcnow
from attune_common.store import leases
from attune_core.workflow.signals import TimerFired
from attune_executor import decide, recover
from attune_executor.app import Executor

TWO = """
ref: t.two
tasks:
  - {name: one, action: ACTION, on_success: two}
  - {name: two, action: t.echo}
"""


def silent(job: ExecutionScheduled) -> Reply | None:
    return None


async def accepted(world: World, action: str) -> tuple[int, ExecutionScheduled]:
    """A workflow whose first task a worker has accepted: its execution and the job."""
    world.worker.script = silent
    await world.start()
    execution = await world.request(await world.define(TWO.replace("ACTION", action)))
    (job,) = await world.worker.got(1)
    await world.worker.accept(job)
    await world.reaches(job.execution_id, "running")
    return execution, job


async def test_a_lost_worker_fails_what_must_not_run_twice(world: World) -> None:
    execution, job = await accepted(world, "t.echo")
    row = await world.ended(execution)
    assert (row["status"], row["error"]["type"]) == ("failed", "worker_lost")
    await world.worker.reply(job, Reply())
    assert await world.status(job.execution_id) == "failed"


async def test_a_lost_worker_lets_idempotent_work_run_again(world: World) -> None:
    execution, first = await accepted(world, "t.safe")
    world.worker.script = lambda job: Reply()
    row = await world.ended(execution)
    assert row["status"] == "completed"
    second = world.worker.jobs[1]
    assert (second.execution_id, second.attempt) == (first.execution_id, 2)
    assert second.token != first.token
    assert await world.value("SELECT status FROM attune.execution_attempt") == "abandoned"


async def test_the_history_tells_who_lost_an_attempt_and_when_it_began(world: World) -> None:
    """Also when the worker gave it up before anybody had noted that it had it."""
    world.worker.script = silent
    await world.start()
    execution = await world.request("t.safe")
    (job,) = await world.worker.got(1)
    world.worker.script = lambda job: Reply()
    await world.worker.say([completion(job, Reply("lost"))])
    await world.ended(execution)
    (row,) = await world.rows("SELECT worker, started_at FROM attune.execution_attempt")
    assert row["worker"] == "fake"
    assert row["started_at"] is not None


async def test_the_time_of_an_attempt_begins_when_it_is_prepared(world: World) -> None:
    """The worker accepts while it builds an environment, and again when the action can begin."""
    world.settings = world.settings.model_copy(update={"lease_seconds": 60.0})
    _, job = await accepted(world, "t.echo")
    hour_ago = "UPDATE attune.execution SET started_at = now() - interval '1 hour' WHERE id = $1 RETURNING started_at"
    before = await world.value(hour_ago, job.execution_id)
    await world.worker.accept(job, begins_now=True)

    async def begins_anew() -> bool:
        started = await world.value("SELECT started_at FROM attune.execution WHERE id = $1", job.execution_id)
        return bool(started > before)

    await until(begins_anew, describe="the new beginning")
    assert await world.status(job.execution_id) == "running"


async def test_work_that_is_lost_again_and_again_fails(world: World) -> None:
    async def accept_all() -> bool:
        for job in world.worker.jobs:
            if job.token not in seen:
                seen.add(job.token)
                await world.worker.accept(job)
        return await world.status(execution) == "failed"

    seen: set[str] = set()
    execution, _ = await accepted(world, "t.safe")
    await until(accept_all, 20, "the end")
    assert [job.attempt for job in world.worker.jobs] == [1, 2, 3, 4]


@pytest.mark.parametrize(("action", "ends"), [("t.safe", "completed"), ("t.echo", "failed")])
async def test_what_a_stopping_worker_hands_back(world: World, action: str, ends: str) -> None:
    """Work that may run twice goes to another worker as the same attempt; other work must not run again."""
    world.worker.script = silent
    await world.start()
    execution = await world.request(action)
    (job,) = await world.worker.got(1)
    world.worker.script = lambda job: Reply()
    await world.worker.say([completion(job, Reply("lost")).model_copy(update={"handed_back": True})])
    row = await world.ended(execution)
    assert (row["status"], row["attempt"]) == (ends, 1)
    assert len(world.worker.jobs) == (2 if ends == "completed" else 1)


async def test_a_heartbeat_keeps_the_lease(world: World) -> None:
    execution, job = await accepted(world, "t.echo")

    async def beat_until_late() -> bool:
        beat = WorkerHeartbeat(worker="fake", pools=["default"], tokens=[job.token], started_at=utcnow())
        await world.worker.say([beat])
        query = "SELECT now() - started_at > interval '1.5 seconds' FROM attune.execution WHERE id = $1"
        return bool(await world.value(query, job.execution_id))

    await until(beat_until_late, 10, "a time longer than the lease")
    assert await world.status(job.execution_id) == "running"
    world.worker.script = lambda job: Reply()
    await world.worker.reply(job, Reply())
    assert (await world.ended(execution))["status"] == "completed"
    assert await world.value("SELECT running FROM attune.worker WHERE name = 'fake'") == 1


async def test_a_job_that_vanished_is_sent_again_under_a_new_token(world: World) -> None:
    world.worker.script = silent
    await world.start()
    execution = await world.request("t.echo")
    (lost,) = await world.worker.got(1)
    world.worker.script = lambda job: Reply(result="second")
    row = await world.ended(execution)
    assert (row["result"], row["attempt"]) == ("second", 1)
    await world.worker.reply(lost, Reply(result="first"))
    assert (await world.ended(execution))["result"] == "second"


@pytest.mark.parametrize("within", ["", TWO.replace("ACTION", "t.echo")])
async def test_a_job_that_vanished_with_its_action_fails(world: World, within: str) -> None:
    world.worker.script = silent
    await world.start()
    execution = await world.request(await world.define(within) if within else "t.echo")
    await world.worker.got(1)
    async with world.store.unit() as unit:
        await unit.execute("UPDATE attune.action SET enabled = false WHERE ref = 't.echo'")
    row = await world.ended(execution)
    assert (row["status"], row["error"]["type"]) == ("failed", "action_disabled")


async def test_jobs_that_vanished_together_are_sent_again_together(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "MOST_UNACCEPTED", 2)
    world.worker.script = silent
    await world.start()
    for _ in range(5):
        await world.request("t.echo")
    await world.worker.got(5)
    await world.worker.got(10)
    sent = await world.rows("SELECT DISTINCT date_trunc('second', scheduled_at) FROM attune.execution")
    assert len(sent) <= 2


async def test_a_job_that_a_worker_holds_is_not_sent_again(world: World) -> None:
    """Its acceptance was lost; the heartbeats say the same."""
    world.worker.script = silent
    await world.start()
    execution = await world.request("t.echo")
    (job,) = await world.worker.got(1)

    async def hold() -> bool:
        beat = WorkerHeartbeat(worker="fake", pools=["default"], tokens=[job.token], started_at=utcnow())
        await world.worker.say([beat])
        return bool(await world.value("SELECT now() - created > interval '1.2 s' FROM attune.execution"))

    await until(hold, 10, "a time longer than dispatch_lost_seconds")
    assert len(world.worker.jobs) == 1
    assert await world.status(job.execution_id) == "running"
    await world.worker.reply(job, Reply())
    assert (await world.ended(execution))["status"] == "completed"


async def test_a_request_that_was_never_told_starts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recover, "_UNSTARTED", 0.2)
    async with world.store.unit() as unit:
        query = "INSERT INTO attune.execution (action_ref, trace_id) VALUES ('t.echo', 'x') RETURNING id"
        execution = await unit.fetchval(query)
    await world.start()
    assert (await world.ended(execution))["status"] == "completed"


async def test_a_child_whose_end_was_not_told_is_told_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recover, "_UNTOLD", 0.2)
    await world.define("ref: t.child\ntasks:\n  - {name: a, action: t.echo}\noutput_map: {x: 1}\n")
    ref = await world.define(
        "ref: t.mother\ntasks:\n  - {name: c, action: t.child}\noutput_map: {x: '{{ task.c.result.x }}'}\n"
    )
    publish = world.bus.publish

    async def lossy(wires: Sequence[Wire]) -> None:
        from_executor = [w for w in wires if not (w.routing_key == "execution.completed" and b'"worker":""' in w.body)]
        await publish(from_executor)

    monkeypatch.setattr(world.bus, "publish", lossy)
    await world.start()
    row = await world.ended(await world.request(ref))
    assert (row["status"], row["result"]) == ("completed", {"x": 1})


async def test_an_executor_that_dies_in_the_middle_is_replaced(world: World) -> None:
    world.worker.script = silent
    await world.start()
    execution = await world.request(await world.define(TWO.replace("ACTION", "t.echo")))
    (job,) = await world.worker.got(1)
    await world.executors.pop().stop(0)
    await world.worker.reply(job, Reply())
    world.worker.script = lambda job: Reply()
    await world.add_executor()
    assert (await world.ended(execution))["status"] == "completed"
    assert [one.task_name for one in world.worker.jobs] == ["one", "two"]


async def test_after_an_outage_of_the_executors_reports_that_wait_are_read_before_anyone_is_lost(world: World) -> None:
    """The lease and the patience with a job are long over when the executor comes back; both have been reported."""
    world.worker.script = silent
    await world.start()
    ids = [await world.request("t.echo") for _ in range(2)]
    await world.worker.got(2)
    await world.worker.accept(world.worker.jobs[0])
    await world.reaches(world.worker.jobs[0].execution_id, "running")
    await world.executors.pop().stop(5)
    for job in world.worker.jobs:
        await world.worker.reply(job, Reply(result="in time"))
    late = (
        "UPDATE attune.execution SET lease_until = lease_until - interval '1 h', scheduled_at = now() - interval '1 h'"
    )
    async with world.store.unit() as unit:
        await unit.execute(late)
    back = Executor(world.store, world.bus, world.settings)
    await back.recover.sweep()
    await world.add_executor()
    for execution in ids:
        row = await world.ended(execution)
        assert (row["result"], row["attempt"]) == ("in time", 1)
    assert len(world.worker.jobs) == 2


async def test_the_first_job_of_a_pool_waits_for_its_first_worker(world: World) -> None:
    ref = await world.define("ref: t.new\ntasks:\n  - {name: a, action: t.echo, pool: new}\n")
    await world.start()
    execution = await world.request(ref)
    query = "SELECT count(*) FROM attune.execution WHERE pool = 'new' AND status = 'scheduled'"
    await until(lambda: world.value(query), 10, "the job")
    await until(lambda: _empty(world), 10, "an empty outbox")
    new = FakeWorker(world.bus, pool="new")
    await new.start()
    assert (await world.ended(execution))["status"] == "completed"
    await new.stop()


async def test_a_poisoned_timer_does_not_keep_the_executor_busy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = await world.define("ref: t.due\ntasks:\n  - {name: a, action: t.echo, delay: 0.1}\n")
    real, calls = decide.advance, []

    def poisoned(graph: Any, state: Any, signal: Any, facts: Any) -> Any:
        if isinstance(signal, TimerFired):
            calls.append(signal)
            raise RuntimeError("poison")
        return real(graph, state, signal, facts)

    monkeypatch.setattr(decide, "advance", poisoned)
    await world.start()
    await world.request(ref)
    await until(lambda: world.value("SELECT count(*) FROM attune.incident"), 10, "the incident")
    other = await world.request("t.echo")
    assert (await world.ended(other))["status"] == "completed"
    assert len(calls) == 5


async def test_a_poisoned_run_harms_only_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = await world.define(TWO.replace("ACTION", "t.echo"))
    world.worker.script = silent
    await world.start()
    executions = [await world.request(ref) for _ in range(6)]
    jobs = list(await world.worker.got(6))
    bad = await world.run_of(executions[3])
    real = decide.advance

    def poisoned(graph: Any, state: Any, signal: Any, facts: Any) -> Any:
        if facts.system["workflow_execution_id"] == bad:
            raise RuntimeError("poison")
        return real(graph, state, signal, facts)

    monkeypatch.setattr(decide, "advance", poisoned)
    world.worker.script = lambda job: Reply()
    await world.executors[0].workflows.take([completion(job, Reply()) for job in jobs])
    good = [execution for execution in executions if execution != executions[3]]
    assert {(await world.ended(execution))["status"] for execution in good} == {"completed"}
    incident = (await world.rows("SELECT kind, subject, detail FROM attune.incident"))[0]
    assert (incident["kind"], incident["subject"]) == ("poison", f"run:{bad}")
    assert "poison" in incident["detail"]["error"]
    poisoned_job = next(job for job in jobs if job.workflow_execution_id == bad)
    assert await world.status(poisoned_job.execution_id) == "scheduled"
    assert sum(job.workflow_execution_id == bad for job in world.worker.jobs) == 1


async def test_what_the_bus_refuses_is_published_when_it_is_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    publish = world.bus.publish

    async def away(wires: Sequence[Wire]) -> None:
        raise BusUnavailable("away")

    monkeypatch.setattr(world.bus, "publish", away)
    await world.start()
    execution = await world.request("t.echo")
    assert await world.value("SELECT count(*) FROM attune.outbox") == 1
    monkeypatch.setattr(world.bus, "publish", publish)
    assert (await world.ended(execution))["status"] == "completed"
    await until(lambda: _empty(world), 10, "an empty outbox")


async def _empty(world: World) -> bool:
    return await world.value("SELECT count(*) FROM attune.outbox") == 0


async def test_the_outbox_is_emptied_by_any_relay(world: World) -> None:
    """What a process stored and did not live to publish is published by another one."""
    await world.relay.stop()
    execution = await world.request("t.echo")
    await world.relay.start()
    await world.start()
    assert (await world.ended(execution))["status"] == "completed"


async def test_jobs_of_a_pool_without_workers_wait_in_its_queue(world: World) -> None:
    ref = await world.define("ref: t.pool\ntasks:\n  - {name: a, action: t.echo, pool: far}\n")
    await world.bus.declare(topology.worker("far", 1))
    await world.start()
    execution = await world.request(ref)
    await until(lambda: _depth(world), 10, "the job in the queue")
    far = FakeWorker(world.bus, pool="far")
    await far.start()
    assert (await world.ended(execution))["status"] == "completed"
    await far.stop()


async def _depth(world: World) -> bool:
    ready, _ = await world.bus.depth(topology.worker("far", 1).queue)
    return ready == 1


async def test_who_is_alone_with_its_data_waits_for_nobody(database_url: str) -> None:
    """`attune dev` was killed: its bus and its worker are gone with it, whatever leases and queues would say."""
    world = World(database_url, lease_seconds=60.0, dispatch_lost_seconds=60.0, heartbeat_seconds=0.1)
    await world.open()
    try:
        world.worker.script = silent
        await world.start()
        executions = [await world.request("t.safe") for _ in range(3)]
        jobs = list(await world.worker.got(3))
        await world.worker.accept(jobs[0])
        await world.reaches(jobs[0].execution_id, "running")
        await world.executors.pop().stop(5)
        world.worker.script = lambda job: Reply()
        executor = Executor(world.store, world.bus, world.settings)
        await executor.recover.take_over()
        await executor.start()
        world.executors.append(executor)
        assert {(await world.ended(execution))["status"] for execution in executions} == {"completed"}
        assert len({job.token for job in world.worker.jobs}) == 6
        assert await world.value("SELECT count(*) FROM attune.execution_attempt WHERE status = 'abandoned'") == 1
    finally:
        await world.close()
