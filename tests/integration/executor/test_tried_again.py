"""Retry of runs: only the failed items, in the same rows; subworkflows as new passes; history with both tries."""

from __future__ import annotations

import pytest
from tests.integration.executor.fake_worker import Reply, Script
from tests.integration.executor.replay import differences
from tests.integration.executor.world import World
from tests.support.waiting import until

from attune_common.contracts.execution import ExecutionScheduled
from attune_common.store.connection import Row

EACH = """
ref: t.each
parameters: {count: {type: integer, required: true}}
tasks:
  - name: each
    action: t.echo
    with_items: "{{ range(parameters.count) | list }}"
    concurrency: 7
    on_item_failure: continue
    retry: {count: 1, delay: 0}
    input: {n: "{{ item }}", limit: "{{ kv.get('limit', default=0) }}"}
    on_success: sum
  - {name: sum, action: t.echo, input: {all: "{{ task.each.result }}", done: "{{ task.each.succeeded_count }}"}}
output_map: "{{ task.sum.result }}"
"""
ONLY_FAILED = {"reset_items": False}


def failing(*numbers: int) -> Script:
    """Fails the items of these numbers, whatever the attempt."""

    def script(job: ExecutionScheduled) -> Reply:
        n = job.parameters.get("n")
        return Reply("failed", error=f"item {n}") if n in numbers else Reply(result=dict(job.parameters))

    return script


async def try_again(world: World, execution: int, wanted: str, detail: dict[str, bool]) -> Row:
    """Ask for one more try; the execution's row when that has ended, which must be as wanted."""
    tries = await world.value("SELECT tries FROM attune.execution WHERE id = $1", execution)
    await world.ask(await world.run_of(execution), "retry", detail)

    async def over() -> Row | None:
        row = (await world.rows("SELECT * FROM attune.execution WHERE id = $1", execution))[0]
        return row if row["tries"] > tries and row["completed_at"] is not None else None

    row: Row = await until(over, 20, "the next try ended")
    assert row["status"] == wanted, await world.story(execution)
    return row


async def test_only_the_failed_items_run_again_on_their_rows(world: World) -> None:
    bad = range(3, 300, 4)
    world.worker.script = failing(*bad)
    await world.start(executors=2)
    execution = await world.request(await world.define(EACH), {"count": 300})
    row = await world.ended(execution)
    assert (row["status"], row["error"]["failed_count"]) == ("failed", len(bad)), row["error"]
    run, before = await world.run_of(execution), len(world.worker.jobs)
    async with world.store.unit() as unit:
        await unit.execute("INSERT INTO attune.kv (key, value) VALUES ('limit', '5')")
    world.worker.script = failing(7)
    await try_again(world, execution, "failed", ONLY_FAILED)
    again = [job.parameters["n"] for job in world.worker.jobs[before:]]
    assert sorted(again) == sorted([*bad, 7])
    assert {job.parameters["limit"] for job in world.worker.jobs[before:]} == {5}
    world.worker.script = failing()
    row = await try_again(world, execution, "completed", ONLY_FAILED)
    assert (row["tries"], row["result"]["done"]) == (3, 300)
    assert [entry["n"] for entry in row["result"]["all"]] == list(range(300))
    assert await world.value("SELECT count(*) FROM attune.execution WHERE task_name = 'each'") == 300
    assert await differences(world, run) == []


async def test_an_item_keeps_all_its_attempts_and_its_policy_counts_anew(world: World) -> None:
    world.worker.script = failing(0)
    await world.start()
    execution = await world.request(await world.define(EACH), {"count": 1})
    await world.ended(execution)
    world.worker.script = lambda job: Reply("timed_out") if job.attempt == 3 else failing()(job)
    await try_again(world, execution, "completed", ONLY_FAILED)
    item = (await world.rows("SELECT * FROM attune.execution WHERE task_name = 'each'"))[0]
    assert (item["attempt"], item["attempts_before"], item["tries"], item["status"]) == (4, 2, 2, "completed")
    kept = await world.rows(
        "SELECT attempt, status, error, worker, completed_at FROM attune.execution_attempt "
        "WHERE execution = $1 ORDER BY attempt",
        item["id"],
    )
    assert [(row["attempt"], row["status"]) for row in kept] == [(1, "failed"), (2, "failed"), (3, "timeout")]
    assert all(row["error"] and row["worker"] == "fake" and row["completed_at"] for row in kept)
    assert item["error"] is None


async def test_a_worker_lost_in_the_second_try_counts_for_that_try(world: World) -> None:
    world.worker.script = failing(0)
    await world.start()
    execution = await world.request(await world.define(EACH), {"count": 1})
    await world.ended(execution)
    jobs = len(world.worker.jobs)
    world.worker.script = lambda job: Reply("lost") if job.task_name == "each" and job.attempt < 5 else failing()(job)
    await try_again(world, execution, "completed", ONLY_FAILED)
    assert [job.attempt for job in world.worker.jobs[jobs:] if job.task_name == "each"] == [3, 4, 5]


SKIPPING = """
ref: t.skipping
tasks:
  - name: each
    action: t.echo
    with_items: [0, 1, 2]
    when: "{{ item != kv.get('skip', default=-1) }}"
    input: {n: "{{ 6 / (item - kv.get('bad', default=1)) }}"}
output_map: {items: "{{ task.each.items }}"}
"""


async def test_items_that_never_ran_are_rendered_anew(world: World) -> None:
    await world.start()
    execution = await world.request(await world.define(SKIPPING))
    assert (await world.ended(execution))["error"]["first_error"]["index"] == 1
    async with world.store.unit() as unit:
        await unit.execute("INSERT INTO attune.kv (key, value) VALUES ('skip', '1')")
    run = await world.run_of(execution)
    row = await try_again(world, execution, "completed", ONLY_FAILED)
    assert [item["status"] for item in row["result"]["items"]] == ["succeeded", "skipped", "succeeded"]
    assert await differences(world, run) == []


async def test_a_cancelled_iteration_goes_on_with_what_is_left(world: World) -> None:
    world.worker.script = lambda job: None
    await world.start()
    execution = await world.request(await world.define(EACH), {"count": 30})
    jobs = list(await world.worker.got(7))
    for job in jobs[:3]:
        await world.worker.reply(job, Reply(result=dict(job.parameters)))
    await world.worker.got(10)
    run = await world.run_of(execution)
    await world.ask(run, "cancel")
    assert (await world.ended(execution))["status"] == "cancelled"
    before = len(world.worker.jobs)
    world.worker.script = failing()
    row = await try_again(world, execution, "completed", ONLY_FAILED)
    assert row["result"]["done"] == 30
    assert len(world.worker.jobs) - before == 27 + 1


NESTED = """
ref: t.nested
tasks:
  - {name: first, action: t.echo, on_success: inner}
  - {name: inner, action: t.inner, on_success: last}
  - {name: last, action: t.echo, input: {said: "{{ task.inner.result.said }}"}}
output_map: "{{ task.last.result }}"
"""
INNER = """
ref: t.inner
tasks:
  - {name: one, action: t.echo, input: {n: 1}, on_success: two}
  - {name: two, action: t.echo, input: {n: 2}}
output_map: {said: "{{ task.two.result.n }}"}
"""


async def test_a_subworkflow_that_failed_is_a_new_pass_with_a_run_of_its_own(world: World) -> None:
    await world.define(INNER)
    world.worker.script = failing(2)
    await world.start()
    execution = await world.request(await world.define(NESTED))
    assert (await world.ended(execution))["status"] == "failed"
    world.worker.script = failing()
    run = await world.run_of(execution)
    row = await try_again(world, execution, "completed", {})
    assert row["result"] == {"said": 2}
    inner = await world.rows(
        "SELECT e.iteration, e.status, w.id, w.status AS run FROM attune.execution e "
        "JOIN attune.workflow_run w ON w.execution = e.id WHERE e.task_name = 'inner' ORDER BY e.iteration"
    )
    assert [(each["iteration"], each["status"], each["run"]) for each in inner] == [
        (1, "failed", "failed"),
        (2, "completed", "completed"),
    ]
    ends = await world.rows("SELECT commands FROM attune.journal WHERE workflow_run = $1 ORDER BY revision", run)
    told = [
        (command["task"], command["iteration"], command["status"])
        for line in ends
        for command in line["commands"]
        if command["type"] == "TaskEnded"
    ]
    assert told == [
        ("first", 1, "succeeded"),
        ("inner", 1, "failed"),
        ("inner", 2, "succeeded"),
        ("last", 1, "succeeded"),
    ]
    assert [job.task_name for job in world.worker.jobs] == ["first", "one", "two", "one", "two", "last"]


EACH_INNER = """
ref: t.each_inner
tasks:
  - {name: each, action: t.inner_of, with_items: [0, 1, 2], input: {n: "{{ item }}"}, on_item_failure: continue}
output_map: {all: "{{ task.each.result }}"}
"""
INNER_OF = """
ref: t.inner_of
parameters: {n: {type: integer}}
tasks: [{name: one, action: t.echo, input: {n: "{{ parameters.n }}"}}]
output_map: {n: "{{ task.one.result.n }}"}
"""


async def test_items_that_are_subworkflows_run_again_as_new_runs(world: World) -> None:
    await world.define(INNER_OF)
    world.worker.script = failing(1)
    await world.start()
    execution = await world.request(await world.define(EACH_INNER))
    assert (await world.ended(execution))["status"] == "failed"
    world.worker.script = failing()
    row = await try_again(world, execution, "completed", ONLY_FAILED)
    assert row["result"] == {"all": [{"n": 0}, {"n": 1}, {"n": 2}]}
    count = "SELECT count(*) FROM attune.workflow_run WHERE workflow_ref = 't.inner_of'"
    assert await world.value(count) == 4
    assert [job.parameters["n"] for job in world.worker.jobs].count(1) == 2


@pytest.mark.parametrize("detail", [{}, ONLY_FAILED])
async def test_only_what_failed_in_a_block_runs_again(world: World, detail: dict[str, bool]) -> None:
    ref = await world.define(
        """
ref: t.block
tasks:
  - name: both
    type: parallel
    tasks:
      - {name: left, action: t.echo, input: {n: 1}}
      - {name: right, action: t.echo, input: {n: 2}}
output_map: {both: "{{ task.both.result }}"}
"""
    )
    world.worker.script = failing(2)
    await world.start()
    execution = await world.request(ref)
    assert (await world.ended(execution))["status"] == "failed"
    world.worker.script = failing()
    row = await try_again(world, execution, "completed", detail)
    assert row["result"] == {"both": {"left": {"n": 1}, "right": {"n": 2}}}
    assert [job.parameters["n"] for job in world.worker.jobs] == [1, 2, 2]
