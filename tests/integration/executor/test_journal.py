"""Replaying the journal gives the stored state: whatever batches the signals came in."""

from __future__ import annotations

from tests.integration.executor.fake_worker import Reply
from tests.integration.executor.replay import differences
from tests.integration.executor.world import World

from attune_common.contracts.execution import ExecutionScheduled

EVERYTHING = """
ref: t.everything
parameters: {count: {type: integer, default: 30}}
vars: {passes: 0}
tasks:
  - name: flaky
    action: t.echo
    retry: {count: 2, delay: 0.01, jitter: 0.5}
    input: {limit: "{{ kv.get('limit', default=3) }}"}
    publish: [{limit: "{{ result.limit }}"}]
    on_success: [each, side]
  - name: each
    action: t.echo
    with_items: "{{ range(parameters.count) | list }}"
    concurrency: 7
    tolerate: {count: 2}
    retry: {count: 1, delay: 0}
    when: "{{ item % 5 != 4 }}"
    input: {n: "{{ item }}"}
    publish: [{done: "{{ result | length }}"}]
    on_success: meet
  - name: side
    type: parallel
    tasks:
      - {name: left, action: t.echo, input: {n: 1}}
      - {name: right, action: t.nothing}
    on_failure: meet
  - {name: meet, action: t.echo, join: all, on_success: again, input: {left: "{{ task.side.result.left }}"}}
  - name: again
    action: t.echo
    publish: [{passes: "{{ vars.passes + 1 }}"}]
    decision:
      - {when: "{{ vars.passes < 3 }}", next: again}
      - {default: true, next: noop}
output_map: {passes: "{{ vars.passes }}", items: "{{ task.each.items | length }}", limit: "{{ vars.limit }}"}
"""
QUICK = """
ref: t.quick
tasks: [{name: each, action: t.echo, with_items: "{{ range(400) | list }}", input: {n: "{{ item }}"}}]
"""


def stumbling(job: ExecutionScheduled) -> Reply:
    """Every first attempt of some work fails, and item 7 always."""
    if job.task_name == "flaky" and job.attempt < 3:
        return Reply("timed_out")
    n = job.parameters.get("n", 0)
    if job.task_name == "each" and ((n % 3 == 0 and job.attempt == 1) or n == 7):
        return Reply("failed", error=f"item {n}")
    return Reply(result=dict(job.parameters))


async def test_replaying_the_journal_gives_the_stored_state(world: World) -> None:
    world.worker.script = stumbling
    async with world.store.unit() as unit:
        await unit.execute("INSERT INTO attune.kv (key, value) VALUES ('limit', '5')")
    await world.start(executors=2)
    execution = await world.request(await world.define(EVERYTHING))
    row = await world.ended(execution)
    assert row["result"] == {"passes": 3, "items": 30, "limit": 5}, row["error"]
    assert await differences(world, await world.run_of(execution)) == []


async def test_it_does_for_a_list_whose_window_grows(world: World) -> None:
    """How long an item ran is in the journal as exactly as it was when the window was widened for it."""
    await world.start(executors=2)
    ref = await world.define(QUICK)
    execution = await world.request(ref)
    assert (await world.ended(execution))["status"] == "completed"
    run = await world.run_of(execution)
    limit = "SELECT state #>> '{last,items,limit}' FROM attune.workflow_task WHERE workflow_run = $1"
    assert int(await world.value(limit, run)) > 100
    assert await differences(world, run) == []


async def test_it_does_for_a_run_that_was_paused_cancelled_and_tried_again(world: World) -> None:
    world.worker.script = lambda job: None
    await world.start()
    execution = await world.request(await world.define(EVERYTHING))
    run = await world.run_of(execution)
    await world.worker.got(1)
    await world.ask(run, "pause")
    await world.reaches(execution, "pausing")
    await world.ask(run, "resume")
    await world.reaches(execution, "running")
    await world.ask(run, "cancel")
    await world.ended(execution)
    world.worker.script = stumbling
    await world.ask(run, "retry")
    row = await world.reaches(execution, "completed")
    assert row["result"]["passes"] == 3
    assert await differences(world, run) == []


async def test_a_journal_or_state_that_was_tampered_with_is_found(world: World) -> None:
    world.worker.script = stumbling
    await world.start()
    execution = await world.request(await world.define(EVERYTHING))
    await world.ended(execution)
    run = await world.run_of(execution)
    async with world.store.unit() as unit:
        await unit.execute("""UPDATE attune.workflow_run SET variables = '{"passes": 4}' WHERE id = $1""", run)
    assert [each for each in await differences(world, run) if "vars is stored as {'passes': 4}" in each]
    async with world.store.unit() as unit:
        await unit.execute("DELETE FROM attune.journal WHERE workflow_run = $1 AND revision = 3", run)
    assert "revision 4 where 3 is due" in (await differences(world, run))[0]
