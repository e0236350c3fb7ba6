"""The same worker on RabbitMQ: a crowd of jobs on few slots, pauses of listening, stopping in the middle."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.waiting import until
from tests.support.workbench import Workbench, workbench

from attune_common.bus import topology
from attune_common.contracts.execution import ExecutionCompleted

QUEUE = topology.worker("default", 1).queue


async def test_more_jobs_than_places_all_run_once(fresh_amqp_url: str, tmp_path: Path) -> None:
    async with workbench(tmp_path / "data", amqp_url=fresh_amqp_url, worker_slots=2) as bench:
        ran = tmp_path / "ran"
        ran.mkdir()
        digest = bench.pack({"actions/act.sh": f"mktemp {ran}/$ATTUNE_EXEC_ID.XXXX; sleep $ATTUNE_PARAM_SECONDS"})
        long = [bench.job("shell", "act.sh", digest, parameters={"seconds": 2.5}) for _ in range(4)]
        short = [bench.job("shell", "act.sh", digest, parameters={"seconds": 0}) for _ in range(40)]
        native = [bench.job("native", "core.echo") for _ in range(60)]
        await bench.submit(*long, *short, *native)
        await until(lambda: len(bench.heard(ExecutionCompleted)) >= 104, 60)
        done = bench.heard(ExecutionCompleted)
        assert (len(done), {one.status for one in done}) == (104, {"succeeded"})
        assert len(os.listdir(ran)) == 44
        assert await until(lambda: _empty(bench, QUEUE))
        assert (await bench.bus.depth(topology.DEAD_LETTERS.queue))[0] == 0


async def test_what_a_stopping_worker_has_not_started_goes_to_another(fresh_amqp_url: str, tmp_path: Path) -> None:
    settings = {"amqp_url": fresh_amqp_url, "worker_slots": 1}
    async with workbench(tmp_path, worker_name="one", **settings) as one:
        digest = one.pack({"actions/act.sh": "sleep $ATTUNE_PARAM_SECONDS"})
        first = one.job("shell", "act.sh", digest, parameters={"seconds": 1})
        await one.submit(first)
        await one.accepted(first)
        rest = [one.job("shell", "act.sh", digest, parameters={"seconds": 0}) for _ in range(10)]
        await one.submit(*rest)
        await one.worker.stop(20)
        assert (await one.completion(first)).status == "succeeded"
        async with workbench(tmp_path, worker_name="two", **settings):
            for job in rest:
                assert (await one.completion(job)).worker in ("one", "two")
        tokens = [done.token for done in one.heard(ExecutionCompleted)]
        assert len(tokens) == len(set(tokens)) == 11


async def _empty(bench: Workbench, queue: str) -> bool:
    return (await bench.bus.depth(queue))[0] == 0
