"""Iterations: windows over long lists, results in item order, retries of single items."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.integration.executor.fake_worker import Reply
from tests.integration.executor.world import World

from attune_common.bus.bus import Subscription
from attune_common.contracts.registry import Exchange
from attune_common.contracts.workflow import ItemsProgress, TaskScheduled
from attune_common.store.connection import Connection

ITEMS = """
ref: t.items
parameters:
  count: {type: integer, required: true}
tasks:
  - name: each
    action: t.echo
    with_items: "{{ range(parameters.count) | list }}"
    concurrency: 25
    input: {n: "{{ item * 2 }}", at: "{{ index }}"}
    on_success: sum
  - {name: sum, action: t.echo, input: {all: "{{ task.each.result }}", done: "{{ task.each.succeeded_count }}"}}
output_map: "{{ task.sum.result }}"
"""


async def test_a_thousand_items_run_in_a_window(world: World) -> None:
    live: list[int] = []

    async def count_live() -> None:
        query = "SELECT count(*) FROM attune.execution WHERE task_name = 'each' AND status = 'scheduled'"
        live.append(await world.value(query))

    await world.start(executors=2)
    execution = await world.request(await world.define(ITEMS), {"count": 1000})
    while await world.status(execution) != "completed":
        await count_live()
        assert await world.status(execution) != "failed", await world.story(execution)
    row = await world.ended(execution)
    assert row["result"]["done"] == 1000
    assert [entry["n"] for entry in row["result"]["all"]] == [n * 2 for n in range(1000)]
    assert max(live) <= 25
    assert len(world.worker.jobs) == 1001


async def test_an_empty_list_ends_at_once(world: World) -> None:
    await world.start()
    row = await world.ended(await world.request(await world.define(ITEMS), {"count": 0}))
    assert row["result"] == {"all": [], "done": 0}


async def test_results_keep_item_order_whatever_ends_first(world: World) -> None:
    world.worker.script = lambda job: None if job.task_name == "each" else Reply(result=dict(job.parameters))
    await world.start()
    execution = await world.request(await world.define(ITEMS), {"count": 20})
    jobs = list(await world.worker.got(20))
    for job in reversed(jobs):
        await world.worker.reply(job, Reply(result={"n": job.parameters["n"]}))
    row = await world.ended(execution)
    assert [entry["n"] for entry in row["result"]["all"]] == [n * 2 for n in range(20)]


async def test_every_completion_three_times_in_any_order(world: World) -> None:
    world.worker.copies = 3
    await world.start(executors=2)
    execution = await world.request(await world.define(ITEMS), {"count": 120})
    row = await world.ended(execution)
    assert row["result"]["done"] == 120
    assert len([job for job in world.worker.jobs if job.task_name == "each"]) == 120
    assert await world.value("SELECT count(*) FROM attune.incident") == 0


TOLERANT = """
ref: t.tolerant
tasks:
  - name: each
    action: t.echo
    with_items: [0, 1, 2, 3, 4, 5, 6, 7]
    when: "{{ item != 3 }}"
    concurrency: 2
    tolerate: {count: 1}
    retry: {count: 1, delay: 0}
    input: {n: "{{ item }}"}
    on_success: look
  - name: look
    action: t.echo
    input: {items: "{{ task.each.items }}", failed: "{{ task.each.failed_count }}"}
output_map: "{{ task.look.result }}"
"""


async def test_skipped_retried_and_failed_items(world: World) -> None:
    fails = {5: 1, 6: 9}

    def script(job: object) -> Reply:
        n = job.parameters.get("n")  # type: ignore[attr-defined]
        if fails.get(n, 0) >= job.attempt:  # type: ignore[attr-defined]
            return Reply("failed", error=f"item {n}")
        return Reply(result=job.parameters)  # type: ignore[attr-defined]

    world.worker.script = script
    await world.start()
    row = await world.ended(await world.request(await world.define(TOLERANT)))
    assert row["status"] == "completed", row["error"]
    shown = row["result"]["items"]
    assert [entry["status"] for entry in shown] == ["succeeded"] * 3 + ["skipped"] + ["succeeded"] * 2 + [
        "failed",
        "succeeded",
    ]
    assert (row["result"]["failed"], shown[6]["error"]["message"]) == (1, "item 6")


async def test_watchers_hear_of_the_task_once_and_of_progress_by_batch(world: World) -> None:
    heard: list[object] = []

    async def listen(deliveries: Sequence[object]) -> None:
        heard.extend(message for one in deliveries for message in one.messages)  # type: ignore[attr-defined]

    subscription = Subscription("watch", ((Exchange.EVENTS, "workflow.#"),))
    consumer = await world.bus.consume(subscription, listen)  # type: ignore[arg-type]
    await world.start()
    await world.ended(await world.request(await world.define(ITEMS), {"count": 60}))
    await consumer.stop()
    scheduled = [one for one in heard if isinstance(one, TaskScheduled)]
    assert [one.task_name for one in scheduled] == ["each", "sum"]
    progress = [one for one in heard if isinstance(one, ItemsProgress)]
    assert progress[-1].succeeded == progress[-1].total == 60
    assert len(progress) < 60


async def test_a_batch_of_completions_is_one_commit_with_a_statement_per_kind_of_row(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cost of a batch does not depend on how many items ended in it, nor on how long the list is."""
    world.worker.script = lambda job: None
    await world.start()
    execution = await world.request(await world.define(ITEMS), {"count": 400})
    jobs = list(await world.worker.got(25))
    statements: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        original = getattr(Connection, name)

        async def counted(self: Connection, query: str, *arguments: object, original: object = original) -> object:
            statements.append(query)
            return await original(self, query, *arguments)  # type: ignore[operator]

        monkeypatch.setattr(Connection, name, counted)
    workflows = world.executors[0].workflows
    commits: list[int] = []
    unit = world.store.late_unit
    monkeypatch.setattr(world.store, "late_unit", lambda: (commits.append(1), unit())[1])
    from tests.integration.executor.fake_worker import completion

    for executor in world.executors:
        await executor.stop(5)
    await world.relay.stop()
    statements.clear()
    commits.clear()
    await workflows.take([completion(job, Reply(result=1)) for job in jobs])
    assert len(commits) == 1
    assert len(statements) <= 5, "\n".join(statements)
    started = await world.value("SELECT count(*) FROM attune.execution WHERE task_name = 'each'")
    assert started == 50
    assert await world.status(execution) == "running"
