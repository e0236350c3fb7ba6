"""Workflows from their start to their end."""

from __future__ import annotations

import asyncio
import itertools

from tests.integration.executor.fake_worker import Reply, completion
from tests.integration.executor.world import World

from attune_common.contracts.execution import ExecutionScheduled

SEQUENCE = """
ref: t.sequence
parameters:
  name: {type: string, required: true}
  mark: {type: string, default: "!"}
vars: {seen: []}
tasks:
  - name: first
    action: t.echo
    input: {text: "hello {{ parameters.name }}{{ parameters.mark }}"}
    publish: [{greeting: "{{ result.text }}"}]
    on_success: second
  - name: second
    action: t.echo
    input: {first: "{{ task.first.result.text }}", region: "{{ pack.config.region }}"}
output_map: {said: "{{ vars.greeting }}", region: "{{ task.second.result.region }}"}
"""


async def test_a_sequence_passes_data_on(world: World) -> None:
    await world.start()
    execution = await world.request(await world.define(SEQUENCE), {"name": "Ada"})
    row = await world.ended(execution)
    assert (row["status"], row["result"]) == ("completed", {"said": "hello Ada!", "region": "north"})
    assert [job.task_name for job in world.worker.jobs] == ["first", "second"]
    run = (await world.rows("SELECT * FROM attune.workflow_execution WHERE execution = $1", execution))[0]
    assert run["completed_tasks"] == ["first", "second"]
    assert run["variables"] == {"greeting": "hello Ada!", "seen": []}


async def test_bad_parameters_end_the_execution_before_a_run_exists(world: World) -> None:
    await world.start()
    row = await world.ended(await world.request(await world.define(SEQUENCE), {"name": 3}))
    assert (row["status"], row["error"]["type"]) == ("failed", "input_error")
    assert await world.value("SELECT count(*) FROM attune.workflow_run") == 0


async def test_every_decision_is_in_the_journal(world: World) -> None:
    await world.start()
    await world.ended(await world.request(await world.define(SEQUENCE), {"name": "Ada"}))
    lines = await world.rows("SELECT revision, signal, commands FROM attune.journal ORDER BY revision")
    assert [line["signal"]["type"] for line in lines] == ["RunStarted", "TaskFinished", "TaskFinished"]
    assert "result" not in lines[1]["signal"]["outcome"]
    assert await world.value("SELECT max(revision) FROM attune.workflow_run") == 3


RETRY = """
ref: t.retry
tasks:
  - name: flaky
    action: t.echo
    retry: {count: 3, delay: 0.05, backoff: exponential}
    on_success: done
    on_failure: rescue
  - {name: done, action: t.echo}
  - {name: rescue, action: t.echo}
"""


async def test_a_failed_attempt_is_tried_again_after_its_delay(world: World) -> None:
    world.worker.script = lambda job: Reply("failed") if job.task_name == "flaky" and job.attempt < 3 else Reply()
    await world.start()
    row = await world.ended(await world.request(await world.define(RETRY)))
    assert row["status"] == "completed"
    assert [(job.task_name, job.attempt) for job in world.worker.jobs] == [
        ("flaky", 1), ("flaky", 2), ("flaky", 3), ("done", 1),
    ]  # fmt: skip
    attempts = await world.rows("SELECT attempt, status, error FROM attune.execution_attempt ORDER BY attempt")
    assert [(a["attempt"], a["status"]) for a in attempts] == [(1, "failed"), (2, "failed")]
    assert len({job.idempotency_key for job in world.worker.jobs[:3]}) == 1


async def test_when_all_attempts_failed_the_failure_route_is_taken(world: World) -> None:
    world.worker.script = lambda job: Reply("failed", error="no") if job.task_name == "flaky" else Reply()
    await world.start()
    row = await world.ended(await world.request(await world.define(RETRY)))
    assert row["status"] == "completed"
    assert [job.task_name for job in world.worker.jobs] == ["flaky"] * 4 + ["rescue"]


JOIN = """
ref: t.join
tasks:
  - {name: a, action: t.echo, input: {n: 1}, on_success: both}
  - {name: b, action: t.echo, input: {n: 2}, on_success: both}
  - {name: both, action: t.echo, join: all, input: {sum: "{{ task.a.result.n + task.b.result.n }}"}}
output_map: {sum: "{{ task.both.result.sum }}"}
"""


async def test_a_join_waits_for_both_branches(world: World) -> None:
    await world.start()
    row = await world.ended(await world.request(await world.define(JOIN)))
    assert row["result"] == {"sum": 3}
    assert sorted(job.task_name or "" for job in world.worker.jobs) == ["a", "b", "both"]


async def test_an_action_that_does_not_exist_fails_its_task_in_the_same_decision(world: World) -> None:
    ref = await world.define(
        """
ref: t.missing
tasks:
  - {name: a, action: t.nothing, on_failure: b}
  - {name: b, action: t.echo, input: {why: "{{ task.a.error.type }}"}}
output_map: {why: "{{ task.b.result.why }}"}
"""
    )
    await world.start()
    row = await world.ended(await world.request(ref))
    assert row["result"] == {"why": "action_not_found"}
    kept = await world.rows("SELECT status, error FROM attune.execution WHERE task_name = 'a'")
    assert [(one["status"], one["error"]["type"]) for one in kept] == [("failed", "action_not_found")]


async def test_parameters_that_the_action_refuses_fail_the_task(world: World) -> None:
    ref = await world.define("ref: t.strictly\ntasks:\n  - {name: a, action: t.strict, input: {n: '{{ \"x\" }}'}}\n")
    await world.start()
    row = await world.ended(await world.request(ref))
    assert (row["status"], row["error"]["type"]) == ("failed", "input_error")
    assert world.worker.jobs == []


async def test_the_datastore_is_read_at_decision_time(world: World) -> None:
    ref = await world.define(
        """
ref: t.kv
tasks:
  - {name: a, action: t.echo, on_success: b}
  - {name: b, action: t.echo, input: {limit: "{{ kv.get('limit') }}", other: "{{ kv.get('x' ~ 'y', default=7) }}"}}
output_map: "{{ task.b.result }}"
"""
    )
    async with world.store.unit() as unit:
        await unit.execute("INSERT INTO attune.kv (key, value) VALUES ('limit', $1)", {"n": 5})
    await world.start()
    row = await world.ended(await world.request(ref))
    assert row["result"] == {"limit": {"n": 5}, "other": 7}
    facts = await world.value("SELECT facts FROM attune.journal WHERE facts ? 'kv'")
    assert facts["kv"] == {"limit": {"n": 5}}


PARENT = """
ref: t.parent
tasks:
  - {name: child, action: t.sequence, input: {name: Bob}, on_success: after}
  - {name: after, action: t.echo, input: {said: "{{ task.child.result.said }}"}}
output_map: {said: "{{ task.after.result.said }}"}
"""


async def test_a_subworkflow_gives_its_output_to_the_task(world: World) -> None:
    await world.define(SEQUENCE)
    await world.start()
    execution = await world.request(await world.define(PARENT))
    row = await world.ended(execution)
    assert row["result"] == {"said": "hello Bob!"}
    child = (await world.rows("SELECT * FROM attune.execution WHERE task_name = 'child'"))[0]
    assert (child["status"], child["root"], child["parent"], child["depth"]) == ("completed", execution, execution, 1)
    assert child["trace_id"] == row["trace_id"]


async def test_a_subworkflow_that_fails_fails_the_task(world: World) -> None:
    await world.define(SEQUENCE)
    world.worker.script = lambda job: Reply("failed", error="no")
    await world.start()
    row = await world.ended(await world.request(await world.define(PARENT)))
    assert (row["status"], row["error"]["task"]) == ("failed", "child")


async def test_a_workflow_that_calls_itself_ends(world: World) -> None:
    await world.start()
    ref = await world.define("ref: t.itself\ntasks:\n  - {name: again, action: t.itself}\n")
    row = await world.ended(await world.request(ref), deadline=30)
    assert row["status"] == "failed"
    assert await world.value("SELECT count(*) FROM attune.workflow_run") == 10
    assert "nested deeper" in str(row["error"])


async def test_a_loop_runs_a_task_again(world: World) -> None:
    counter = itertools.count(1)
    ref = await world.define(
        """
ref: t.loop
tasks:
  - {name: begin, on_success: step}
  - name: step
    action: t.echo
    decision:
      - {when: "{{ result.n < 5 }}", next: step}
      - {default: true, next: noop}
output_map: {n: "{{ task.step.result.n }}", passes: "{{ task.step.iteration }}"}
"""
    )

    def count(job: ExecutionScheduled) -> Reply:
        return Reply(result={"n": next(counter)})

    world.worker.script = count
    await world.start()
    row = await world.ended(await world.request(ref))
    assert row["result"] == {"n": 5, "passes": 5}
    assert await world.value("SELECT count(*) FROM attune.execution WHERE task_name = 'step'") == 5


async def test_nobody_waits_for_a_run_that_another_executor_holds(world: World) -> None:
    """Completions of two runs in one batch, of which one is being decided on elsewhere for long."""
    ref = await world.define("ref: t.held\ntasks: [{name: a, action: t.echo}]\n")
    world.worker.script = lambda job: None
    await world.start()
    held, free = await world.request(ref), await world.request(ref)
    jobs = list(await world.worker.got(2))
    run = await world.run_of(held)
    async with world.store.unit() as unit:
        await unit.execute("SELECT 1 FROM attune.workflow_run WHERE id = $1 FOR UPDATE", run)
        taking = asyncio.create_task(world.executors[0].workflows.take([completion(job, Reply()) for job in jobs]))
        assert (await world.ended(free))["status"] == "completed"
        assert await world.status(held) == "running"
    await taking
    assert (await world.ended(held))["status"] == "completed"
