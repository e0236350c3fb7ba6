"""A cancel and a completion at the same moment, many times: one final state, told once, and never both."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

from tests.integration.executor.fake_worker import Reply
from tests.integration.executor.world import World
from tests.support.waiting import until

from attune_common.contracts.execution import ExecutionScheduled

RACES = 200
ONE = "ref: t.one\ntasks:\n  - {name: a, action: t.echo}\n"


def silent(_: ExecutionScheduled) -> Reply | None:
    return None


async def test_races_of_cancel_and_completion_have_one_winner(world: World) -> None:
    world.worker.script = silent
    await world.start(executors=2)
    ref = await world.define(ONE)
    executions = [await world.request(ref) for _ in range(RACES)]
    jobs = await world.worker.got(RACES, deadline=40)
    runs = {execution: await world.run_of(execution) for execution in executions}
    dice = random.Random(7)

    async def race(job: ExecutionScheduled, run: int) -> None:
        async def answer() -> None:
            await asyncio.sleep(dice.random() * 0.01)
            await world.worker.reply(job, Reply())

        async def cancel() -> None:
            await asyncio.sleep(dice.random() * 0.01)
            await world.ask(run, "cancel")

        await asyncio.gather(*dice.sample([answer(), cancel(), answer()], 3))

    parents = await world.rows("SELECT id, workflow_run FROM attune.execution WHERE workflow_run IS NOT NULL")
    run_of = {row["id"]: row["workflow_run"] for row in parents}
    await asyncio.gather(*(race(job, run_of[job.execution_id]) for job in jobs))

    async def all_ended() -> bool:
        live = "SELECT count(*) FROM attune.execution WHERE completed_at IS NULL"
        return int(await world.value(live)) == 0

    await until(all_ended, 40, "every execution ends")
    rows = await world.rows(
        "SELECT p.status::text AS run, c.status::text AS task FROM attune.execution p "
        "JOIN attune.workflow_run r ON r.execution = p.id JOIN attune.execution c ON c.workflow_run = r.id"
    )
    found = Counter((row["run"], row["task"]) for row in rows)
    assert sum(found.values()) == RACES == len(runs)
    assert set(found) <= {("completed", "completed"), ("cancelled", "cancelled"), ("cancelled", "completed")}, found
    assert await world.value("SELECT count(*) FROM attune.incident") == 0
