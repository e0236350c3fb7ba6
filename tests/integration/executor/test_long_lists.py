"""Long lists: what other tasks made of many items is read once, wide windows are opened step by step."""

from __future__ import annotations

import pytest
from tests.integration.executor.fake_worker import Reply
from tests.integration.executor.replay import differences
from tests.integration.executor.test_tried_again import ONLY_FAILED
from tests.integration.executor.world import World

from attune_common.store import executions
from attune_common.store.connection import Connection, Row

TWO_LISTS = """
ref: t.lists
tasks:
  - name: one
    action: t.echo
    with_items: "{{ range(300) | list }}"
    input: {n: "{{ item }}"}
    on_success: two
  - name: two
    action: t.echo
    with_items: "{{ range(300) | list }}"
    concurrency: 10
    input: {n: "{{ task.one.result[index].n * 2 }}"}
    on_success: last
  - {name: last, action: t.echo, input: {one: "{{ task.one.result[299] }}", two: "{{ task.two.result[299] }}"}}
output_map: "{{ task.last.result }}"
"""


async def test_results_of_a_list_that_is_over_are_read_from_the_database_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    results = executions.results

    async def counted(connection: Connection, tasks: list[tuple[int, str, int]]) -> list[Row]:
        rows = await results(connection, tasks)
        read.append(len(rows))
        return rows

    monkeypatch.setattr(executions, "results", counted)
    await world.start()
    execution = await world.request(await world.define(TWO_LISTS))
    row = await world.ended(execution)
    assert row["result"] == {"one": {"n": 299}, "two": {"n": 598}}
    assert sum(read) <= 4 * 300
    assert await differences(world, await world.run_of(execution)) == []


async def test_what_ran_again_is_read_again(world: World) -> None:
    """The second try changes items of a pass that was kept."""
    text = """
ref: t.again
tasks:
  - {name: one, action: t.echo, with_items: [1, 2], on_item_failure: continue, input: {n: "{{ item }}"},
     on_success: two, on_failure: two}
  - {name: two, action: t.echo, with_items: [1, 2], concurrency: 1, input: {one: "{{ task.one.result }}"},
     on_success: three}
  - {name: three, action: t.nothing, input: {}}
output_map: {two: "{{ task.two.result[1] }}"}
"""
    world.worker.script = lambda job: Reply("failed") if job.parameters.get("n") == 2 else Reply(result=job.parameters)
    await world.start()
    execution = await world.request(await world.define(text))
    assert (await world.ended(execution))["status"] == "failed"
    world.worker.script = lambda job: Reply(result={"again": True})
    run = await world.run_of(execution)
    await world.ask(run, "retry", {"tasks": ["one"], **ONLY_FAILED})
    jobs = await world.worker.got(6)
    assert jobs[-1].parameters["one"][1] == {"again": True}


async def test_a_window_wider_than_a_decision_opens_step_by_step(world: World) -> None:
    text = """
ref: t.wide
tasks:
  - name: each
    action: t.echo
    with_items: "{{ range(1300) | list }}"
    concurrency: 5000
    when: "{{ item % 2 == 0 }}"
    input: {n: "{{ item }}"}
output_map: {count: "{{ task.each.succeeded_count }}"}
"""
    await world.start(executors=2)
    execution = await world.request(await world.define(text))
    row = await world.ended(execution, 30)
    assert row["result"] == {"count": 1300}
    assert len({job.execution_id for job in world.worker.jobs}) == 650
    assert await differences(world, await world.run_of(execution)) == []
