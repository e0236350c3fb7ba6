"""Policies over a real database: any number of executors, and nobody is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from tests.integration.executor.fake_worker import Reply
from tests.integration.executor.world import World
from tests.support.waiting import until

from attune_common.contracts.execution import ExecutionScheduled

_POLICY = "INSERT INTO attune.policy (ref, label, action_ref, limits) VALUES ($1, $1, $2, $3) RETURNING id"
ONE = {"concurrency": {"limit": 1}}


async def policy(world: World, limits: dict[str, Any], action: str = "t.echo", ref: str = "t.p") -> int:
    id: int = await world.value(_POLICY, ref, action, limits)
    return id


def silent(job: ExecutionScheduled) -> Reply | None:
    return None


async def waiting(world: World, count: int) -> list[int]:
    """The executions that wait for their turn, once there are so many."""

    async def look() -> list[int] | None:
        rows = await world.rows("SELECT id FROM attune.execution WHERE status = 'scheduling' ORDER BY id")
        return [row["id"] for row in rows] if len(rows) == count else None

    found: list[int] = await until(look, 10, f"{count} executions that wait")
    return found


def distinct(world: World) -> list[ExecutionScheduled]:
    """The jobs, the newest of each attempt: one that an executor sends again when it starts is no second run."""
    return list({(job.execution_id, job.attempt): job for job in world.worker.jobs}.values())


async def got(world: World, count: int) -> list[ExecutionScheduled]:
    """The jobs so far, once there are `count`."""
    await until(lambda: len(distinct(world)) >= count, 10, f"{count} jobs")
    return distinct(world)


async def finish(world: World, count: int, until_total: int) -> Sequence[int]:
    """Let the jobs end one by one; the order in which they came."""
    for number in range(count):
        assert len(await got(world, number + 1)) == number + 1, "two run at once"
        await end(world, number)
    return [job.execution_id for job in await got(world, until_total)]


async def end(world: World, number: int) -> None:
    """Let a job end, by the newest token that it was sent under."""
    answered = set()

    async def over() -> bool:
        job = distinct(world)[number]
        if job.token not in answered:
            answered.add(job.token)
            await world.worker.reply(job, Reply())
        return await world.status(job.execution_id) == "completed"

    await until(over, 10, f"job {number} to end")


async def test_fifty_parallel_starts_run_one_by_one_in_order(world: World) -> None:
    await policy(world, ONE)
    world.worker.script = silent
    await world.start(executors=3)
    executions = [await world.request("t.echo", {"n": n}) for n in range(50)]
    await waiting(world, 49)
    ran = await finish(world, 50, 50)
    assert len(set(ran)) == 50
    assert list(ran[1:]) == sorted(ran[1:])
    for execution in executions:
        assert (await world.ended(execution))["status"] == "completed"
    assert await world.value("SELECT count(*) FROM attune.policy_use") == 0


async def test_groups_do_not_wait_for_one_another(world: World) -> None:
    await policy(world, {"concurrency": {"limit": 1, "group_by": "{{ parameters.env }}"}})
    world.worker.script = silent
    await world.start(executors=2)
    for env in ("a", "b", "a", "c"):
        await world.request("t.echo", {"env": env})
    jobs = await got(world, 3)
    assert sorted(job.parameters["env"] for job in jobs) == ["a", "b", "c"]
    await waiting(world, 1)


async def test_a_template_that_cannot_be_rendered_fails_the_execution(world: World) -> None:
    await policy(world, {"concurrency": {"limit": 1, "group_by": "{{ parameters.env }}"}})
    await world.start()
    row = await world.ended(await world.request("t.echo", {}))
    assert (row["status"], row["error"]["type"]) == ("failed", "policy_error")
    assert "env" in row["error"]["message"]


async def test_refuse_tells_at_once(world: World) -> None:
    await policy(world, {"concurrency": {"limit": 1, "on_limit": "refuse"}})
    world.worker.script = silent
    await world.start(executors=2)
    first = await world.request("t.echo")
    await got(world, 1)
    row = await world.ended(await world.request("t.echo"))
    assert (row["status"], row["error"]["type"], row["error"]["policy"]) == ("failed", "policy_refused", "t.p")
    await world.worker.reply(world.worker.jobs[0], Reply())
    assert (await world.ended(first))["status"] == "completed"
    third = await world.request("t.echo")
    await got(world, 2)
    assert await world.status(third) == "scheduled"


@pytest.mark.parametrize("end", ["lost", "cancelled", "failed", "removed"])
async def test_nobody_is_forgotten_however_the_predecessor_ends(world: World, end: str) -> None:
    """`lost`: its worker is gone and its lease ends; `removed`: the policy itself."""
    id = await policy(world, ONE)
    world.worker.script = silent
    await world.start(executors=2)
    first = await world.request("t.echo")
    (job,) = await got(world, 1)
    second = await world.request("t.echo")
    await waiting(world, 1)
    match end:
        case "lost":
            await world.worker.accept(job)
        case "cancelled":
            await world.rows("UPDATE attune.execution SET status = 'cancelled' WHERE id = $1", first)
        case "failed":
            await world.worker.reply(job, Reply("failed"))
        case _:
            await world.rows("DELETE FROM attune.policy WHERE id = $1", id)
    jobs = await got(world, 2)
    assert jobs[1].execution_id == second
    assert await world.value("SELECT count(*) FROM attune.policy_place WHERE state <> 'held'") == 0


async def test_those_that_wait_survive_every_executor(world: World) -> None:
    await policy(world, ONE)
    world.worker.script = silent
    await world.start()
    executions = [await world.request("t.echo") for _ in range(3)]
    await waiting(world, 2)
    await world.executors.pop().stop(0)
    await world.worker.reply(world.worker.jobs[0], Reply())
    await world.add_executor()
    await finish(world, 3, 3)
    assert [(await world.ended(one))["status"] for one in executions] == ["completed"] * 3


async def test_one_that_waits_can_be_cancelled(world: World) -> None:
    await policy(world, ONE)
    world.worker.script = silent
    await world.start()
    flow = await world.define("ref: t.flow\ntasks:\n  - {name: a, action: t.echo}\n")
    await world.request("t.echo")
    await got(world, 1)
    execution = await world.request(flow)
    await waiting(world, 1)
    await world.ask(await world.run_of(execution), "cancel")
    assert (await world.ended(execution))["status"] == "cancelled"
    await world.worker.reply(world.worker.jobs[0], Reply())
    await world.request("t.echo")
    await got(world, 2)


async def test_items_of_a_workflow_take_turns(world: World) -> None:
    await policy(world, {"concurrency": {"limit": 2}})
    most, running = 0, 0

    def script(job: ExecutionScheduled) -> Reply | None:
        nonlocal most, running
        running += 1
        most = max(most, running)
        return None

    world.worker.script = script
    await world.start(executors=2)
    text = "ref: t.flow\ntasks:\n  - {name: a, action: t.echo, with_items: [1, 2, 3, 4, 5], input: {n: '{{ item }}'}}\n"
    execution = await world.request(await world.define(text))
    for number in range(5):
        jobs = await got(world, number + 1)
        running -= 1
        await world.worker.reply(jobs[number], Reply(result=jobs[number].parameters["n"]))
    row = await world.ended(execution)
    assert row["status"] == "completed"
    assert most == 2


async def test_a_workflow_has_its_turn_as_a_whole(world: World) -> None:
    flow = await world.define("ref: t.flow\ntasks:\n  - {name: a, action: t.echo}\n  - {name: b, action: t.echo}\n")
    await policy(world, ONE, flow)
    world.worker.script = silent
    await world.start(executors=2)
    first, second = await world.request(flow), await world.request(flow)
    await got(world, 2)
    assert await waiting(world, 1) in ([first], [second])
    for job in list(world.worker.jobs):
        await world.worker.reply(job, Reply())
    for job in (await got(world, 4))[2:]:
        await world.worker.reply(job, Reply())
    assert [(await world.ended(one))["status"] for one in (first, second)] == ["completed"] * 2


async def test_a_rate_limit_holds_for_every_second(world: World) -> None:
    await policy(world, {"rate_limit": {"limit": 4, "per": "second"}})
    await world.start(executors=3)
    executions = [await world.request("t.echo") for _ in range(12)]
    for execution in executions:
        assert (await world.ended(execution))["status"] == "completed"
    rows = await world.rows("SELECT at, used FROM attune.policy_use ORDER BY at")
    times = [row["at"] for row in rows for _ in range(row["used"])]
    assert len(times) == 12
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in zip(times, times[4:], strict=False))


async def test_several_limits_are_passed_one_after_the_other(world: World) -> None:
    await policy(world, {"concurrency": {"limit": 1, "group_by": "{{ parameters.env }}"}}, ref="t.narrow")
    await policy(world, {"concurrency": {"limit": 2}, "rate_limit": {"limit": 100, "per": "minute"}}, ref="t.wide")
    world.worker.script = silent
    await world.start(executors=2)
    executions = [await world.request("t.echo", {"env": env}) for env in ("a", "a", "b", "c")]
    await got(world, 2)
    await waiting(world, 2)
    for number in range(4):
        jobs = await got(world, number + 1)
        await world.worker.reply(jobs[number], Reply())
    for execution in executions:
        assert (await world.ended(execution))["status"] == "completed"


async def test_a_policy_lets_a_failed_attempt_try_again(world: World) -> None:
    retry = {"count": 2, "delay": 0.05, "on_error": "error.type == 'failed'"}
    await policy(world, {"retry": retry})
    world.worker.script = lambda job: Reply("failed") if job.attempt < 3 else Reply(result=job.attempt)
    await world.start(executors=2)
    row = await world.ended(await world.request("t.echo"))
    assert (row["status"], row["result"], row["attempt"]) == ("completed", 3, 3)
    assert await world.value("SELECT count(*) FROM attune.execution_attempt") == 2
    execution = await world.request(await world.define("ref: t.flow\ntasks:\n  - {name: a, action: t.echo}\n"))
    assert (await world.ended(execution))["status"] == "completed"


async def test_a_policy_gives_so_many_retries_and_no_more(world: World) -> None:
    await policy(world, {"retry": {"count": 1}, **ONE})
    world.worker.script = lambda job: Reply("failed")
    await world.start()
    row = await world.ended(await world.request("t.echo"))
    assert (row["status"], row["attempt"]) == ("failed", 2)
    text = "ref: t.flow\ntasks:\n  - {name: a, action: t.echo, retry: {count: 3}}\n"
    run = await world.ended(await world.request(await world.define(text)))
    assert run["status"] == "failed"
    assert await world.value("SELECT max(attempt) FROM attune.execution WHERE task_name = 'a'") == 4
