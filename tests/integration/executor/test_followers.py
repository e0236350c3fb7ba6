"""A batch decides on what the one before it is about to store, and is stored after it; or it begins again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.integration.executor.fake_worker import Reply, completion
from tests.integration.executor.world import World
from tests.support.waiting import until

from attune_common.contracts.execution import ExecutionScheduled
from attune_common.store.errors import RowsChanged
from attune_common.store.late import LateUnit
from attune_executor import opening

FLOW = """
ref: t.both
tasks:
  - {name: each, action: t.echo, with_items: "{{ range(8) | list }}", concurrency: 4, on_success: sum}
  - {name: sum, action: t.echo, input: {all: "{{ task.each.result }}"}}
output_map: "{{ task.sum.result }}"
"""


class Door:
    """Late units stand before it until it is opened. `refused`: so many are told then that rows have changed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.came = self.refused = 0
        self.followed: list[int] = []
        self.opened = asyncio.Event()
        store, ahead = LateUnit._at_once, opening._ahead

        async def at_once(unit: LateUnit) -> Any:
            self.came += 1
            await self.opened.wait()
            if self.refused:
                self.refused -= 1
                raise RowsChanged("as the test wants it")
            return await store(unit)

        def noted(turn: Any, runs: Any) -> Mapping[int, Any]:
            found = ahead(turn, runs)
            self.followed += found
            return found

        monkeypatch.setattr(LateUnit, "_at_once", at_once)
        monkeypatch.setattr(opening, "_ahead", noted)


async def _two_batches(world: World, door: Door, jobs: Sequence[ExecutionScheduled]) -> list[asyncio.Task[None]]:
    """The first stands before the door, the second has followed it and waits for it."""
    take = world.executors[0].workflows.take
    first = asyncio.create_task(take([completion(job, Reply(result=job.task_index)) for job in jobs[:2]]))
    await until(lambda: door.came == 1, describe="the first batch is about to be stored")
    second = asyncio.create_task(take([completion(job, Reply(result=job.task_index)) for job in jobs[2:]]))
    await until(lambda: door.followed, describe="the second batch follows")
    assert door.came == 1
    return [first, second]


async def _started(world: World) -> tuple[int, list[ExecutionScheduled]]:
    """The execution, and the jobs of its first items: nobody sends them again meanwhile."""
    world.settings = world.settings.model_copy(update={"dispatch_lost_seconds": 60.0})
    world.worker.script = lambda job: None
    await world.start()
    execution = await world.request(await world.define(FLOW))
    return execution, list(await world.worker.got(4))


@pytest.mark.parametrize("refused", [0, 1])
async def test_the_second_batch_follows_the_first(world: World, monkeypatch: pytest.MonkeyPatch, refused: int) -> None:
    execution, jobs = await _started(world)
    world.worker.script = lambda job: Reply(result=job.parameters.get("all", job.task_index))
    run = await world.run_of(execution)
    door = Door(monkeypatch)
    batches = await _two_batches(world, door, jobs)
    door.refused = refused
    door.opened.set()
    await asyncio.gather(*batches)
    assert (await world.ended(execution))["result"] == list(range(8))
    lines = await world.rows("SELECT revision FROM attune.journal WHERE workflow_run = $1 ORDER BY revision", run)
    assert [line["revision"] for line in lines] == list(range(1, 11))
    assert await world.value("SELECT count(*) FROM attune.execution WHERE task_name = 'each'") == 8


async def test_what_somebody_else_was_quicker_with_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first batch finds its run changed: neither what it decided nor what was decided on it is stored."""
    execution, jobs = await _started(world)
    run = await world.run_of(execution)
    door = Door(monkeypatch)
    batches = await _two_batches(world, door, jobs)
    await world.add_executor()
    await world.ask(run, "pause")
    await until(lambda: _is(world, run, "pausing"), describe="the pause, decided by the other")
    door.opened.set()
    await asyncio.gather(*batches)
    await until(lambda: _is(world, run, "paused"), describe="the run stands still")
    assert await world.value("SELECT count(*) FROM attune.execution WHERE task_name = 'each'") == 4
    world.worker.script = lambda job: Reply(result=job.parameters.get("all", job.task_index))
    await world.ask(run, "resume")
    assert (await world.ended(execution))["result"] == list(range(8))


async def _is(world: World, run: int, status: str) -> bool:
    found: str = await world.value("SELECT status FROM attune.workflow_run WHERE id = $1", run)
    return found == status
