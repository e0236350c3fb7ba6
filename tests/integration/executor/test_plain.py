"""Executions without a workflow."""

from __future__ import annotations

from tests.integration.executor.fake_worker import Reply
from tests.integration.executor.world import World


async def test_an_action_runs_and_its_result_is_kept(world: World) -> None:
    await world.start()
    execution = await world.request("t.echo", {"text": "hello"})
    row = await world.ended(execution)
    assert (row["status"], row["result"], row["error"]) == ("completed", {"text": "hello"}, None)
    assert row["started_at"] <= row["completed_at"]
    (job,) = world.worker.jobs
    assert (job.pack_digest, job.runtime, job.attempt) == ("d0", "native", 1)


async def test_a_failure_is_kept_with_its_error(world: World) -> None:
    world.worker.script = lambda job: Reply("failed", error="broken")
    await world.start()
    row = await world.ended(await world.request("t.echo"))
    assert (row["status"], row["error"]["message"]) == ("failed", "broken")


async def test_parameters_get_defaults_and_are_checked(world: World) -> None:
    await world.start()
    good = await world.request("t.strict", {"n": 1})
    bad = await world.request("t.strict", {"n": "one"})
    assert (await world.ended(good))["result"] == {"n": 1, "unit": "s"}
    row = await world.ended(bad)
    assert (row["status"], row["error"]["type"]) == ("failed", "input_error")
    assert "n" in row["error"]["message"]


async def test_an_unknown_action_fails_with_a_hint(world: World) -> None:
    await world.start()
    row = await world.ended(await world.request("t.nothing"))
    assert row["error"]["type"] == "action_not_found"
    assert row["error"]["hint"]


async def test_a_result_that_comes_twice_counts_once(world: World) -> None:
    world.worker.copies = 3
    await world.start()
    row = await world.ended(await world.request("t.echo", {"n": 1}))
    assert row["status"] == "completed"
    assert await world.value("SELECT count(*) FROM attune.incident") == 0


async def test_a_result_with_a_stale_token_changes_nothing(world: World) -> None:
    world.worker.script = lambda job: None
    await world.start()
    execution = await world.request("t.echo")
    (job,) = await world.worker.got(1)
    await world.worker.reply(job.model_copy(update={"token": "old"}), Reply("failed"))
    await world.worker.reply(job, Reply(result=1))
    assert (await world.ended(execution))["result"] == 1


async def test_data_that_cannot_be_stored_is_repaired(world: World) -> None:
    world.worker.script = lambda job: Reply(result={"text": "a\0b"})
    await world.start()
    row = await world.ended(await world.request("t.echo"))
    assert row["result"] == {"text": "a�b", "sanitized": True}


async def test_many_at_once(world: World) -> None:
    await world.start(executors=2)
    executions = [await world.request("t.echo", {"n": n}) for n in range(100)]
    for n, execution in enumerate(executions):
        assert (await world.ended(execution))["result"] == {"n": n}
    assert len(world.worker.jobs) == 100


async def test_what_is_cancelled_before_it_starts_never_starts(world: World) -> None:
    await world.start()
    execution = await world.request("t.echo", cancelled=True)
    assert (await world.ended(execution))["status"] == "cancelled"
    assert world.worker.jobs == []
