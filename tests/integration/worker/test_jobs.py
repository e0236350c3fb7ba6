"""The life of jobs on a worker: accepted, renewed, cancelled, repeated, handed back, never lost."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.support.waiting import until
from tests.support.workbench import Workbench, workbench

from attune_common.bus import topology
from attune_common.bus.bus import BusUnavailable
from attune_common.contracts.envelope import Wire
from attune_common.contracts.execution import ExecutionAccepted, ExecutionCompleted, ExecutionLog
from attune_common.contracts.worker import WorkerHeartbeat
from attune_worker.natives import NATIVES

QUEUE = topology.worker("default", 1).queue


async def test_a_short_job_is_not_accepted_only_completed(bench: Workbench) -> None:
    job = bench.job("native", "core.echo", parameters={"a": 1}, workflow_execution_id=7)
    done = await bench.run(job)
    assert (done.status, done.result, done.worker, done.workflow_execution_id) == ("succeeded", {"a": 1}, "bench", 7)
    assert done.started_at is not None
    assert done.completed_at is not None
    assert done.started_at <= done.completed_at
    assert bench.heard(ExecutionAccepted) == []


async def test_a_long_job_is_accepted_and_its_token_is_in_the_heartbeat(tmp_path: Path) -> None:
    async with workbench(tmp_path, heartbeat_seconds=0.05) as bench:
        job = bench.job("native", "core.sleep", parameters={"seconds": 60})
        await bench.submit(job)
        assert (await bench.accepted(job)).worker == "bench"
        await until(lambda: [beat for beat in bench.heard(WorkerHeartbeat) if beat.tokens == [job.token]])
        await bench.cancel(job)
        assert (await bench.completion(job)).status == "cancelled"
        bench.said.clear()
        await until(lambda: [beat for beat in bench.heard(WorkerHeartbeat) if beat.tokens == []])


async def test_fifty_jobs_of_one_message_all_end_once(bench: Workbench) -> None:
    jobs = [bench.job("native", "core.echo", parameters={"n": n}) for n in range(50)]
    await bench.submit(*jobs)
    await until(lambda: len(bench.heard(ExecutionCompleted)) >= 50)
    assert sorted(done.result["n"] for done in bench.heard(ExecutionCompleted)) == list(range(50))
    assert await until(lambda: _queue_is_empty(bench))


async def test_logs_come_in_order_while_the_action_runs(bench: Workbench) -> None:
    digest = bench.pack(
        {"actions/act.sh": "for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; sleep 0.01; done; sleep 60"}
    )
    job = bench.job("shell", "act.sh", digest)
    await bench.submit(job)
    await until(lambda: len(bench.lines(job)) == 10)
    assert bench.completions(job) == []
    numbers = [line.seq for batch in bench.heard(ExecutionLog) for line in batch.lines]
    assert numbers == list(range(1, 11))
    assert [line for stream, line in bench.lines(job) if stream == "stdout"] == [f"out {i}" for i in range(1, 6)]
    await bench.cancel(job)
    assert (await bench.completion(job)).status == "cancelled"


async def test_the_log_comes_before_the_completion(bench: Workbench) -> None:
    await bench.python("for i in range(500): print(i)")
    kinds = [type(message) for message in bench.said if isinstance(message, ExecutionLog | ExecutionCompleted)]
    assert kinds[-1] is ExecutionCompleted
    assert len(bench.lines()) == 500


async def test_a_cancel_that_comes_before_its_job_is_kept_for_it(bench: Workbench) -> None:
    made = bench.settings.data_dir / "made"
    job = bench.job("shell", f"touch {made}", bench.pack({"a": ""}))
    await bench.cancel(job)
    assert await until(lambda: bench.worker._jobs._refused)
    assert (await bench.run(job)).status == "cancelled"
    assert "made" not in os.listdir(bench.settings.data_dir)


async def test_a_job_delivered_again_while_it_runs_or_later_runs_once(bench: Workbench) -> None:
    digest = bench.pack({"actions/act.sh": "echo ran; sleep 0.3"})
    job = bench.job("shell", "act.sh", digest)
    await bench.submit(job)
    await bench.accepted(job)
    await bench.submit(job)
    await bench.completion(job)
    await bench.submit(job)
    await until(lambda: _queue_is_empty(bench))
    await bench.run(bench.job("native", "core.noop"))
    assert len(bench.completions(job)) == 1
    assert bench.lines(job) == [("stdout", "ran")]


async def test_odd_jobs_fail_one_by_one(bench: Workbench) -> None:
    jobs = {
        "unknown_runtime": bench.job("cobol", "x"),
        "unknown_native": bench.job("native", "core.never"),
        "input_error": bench.job("native", "core.now", parameters={"colour": 1}),
        "invalid_entry_point": bench.job("shell", "", bench.pack({"a": ""}), action_ref="x"),
        "bad_url": bench.job("http", "", spec={"method": "GET"}),
        "pack_unavailable": bench.job("python", "x.py", "../../etc"),
    }
    await bench.submit(*jobs.values())
    for expected, job in jobs.items():
        error = (await bench.completion(job)).error
        assert error is not None
        assert error["type"] == expected


async def test_a_cancellation_out_of_nowhere_is_a_failure_like_any_other(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def frozen(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setitem(NATIVES, "core.noop", frozen)
    done = await bench.run(bench.job("native", "core.noop"))
    assert done.error is not None
    assert done.error["type"] == "worker_error"


async def test_more_jobs_than_slots_never_run_more_at_once(tmp_path: Path) -> None:
    async with workbench(tmp_path / "data", worker_slots=3) as bench:
        counter = tmp_path / "counter"
        counter.mkdir()
        source = f"touch {counter}/$$; ls {counter} | wc -l; sleep 0.1; rm {counter}/$$"
        digest = bench.pack({"actions/act.sh": source})
        jobs = [bench.job("shell", "act.sh", digest) for _ in range(20)]
        await bench.submit(*jobs)
        await until(lambda: len(bench.heard(ExecutionCompleted)) >= 20, 30)
        assert {done.status for done in bench.heard(ExecutionCompleted)} == {"succeeded"}
        assert max(done.result for done in bench.heard(ExecutionCompleted)) <= 3
        assert len({done.token for done in bench.heard(ExecutionCompleted)}) == 20


async def test_what_a_full_worker_cannot_take_waits_where_others_find_it(tmp_path: Path) -> None:
    async with workbench(tmp_path, worker_slots=1) as bench:
        digest = bench.pack({"actions/act.sh": "sleep 60"})
        long = bench.job("shell", "act.sh", digest)
        await bench.submit(long)
        await bench.accepted(long)
        waiting = [bench.job("shell", "true", digest) for _ in range(3)]
        await bench.submit(*waiting)
        assert await until(lambda: _waits_without_listener(bench))
        await bench.cancel(long)
        for job in waiting:
            assert (await bench.completion(job)).status == "succeeded"


async def test_stopping_waits_for_actions_within_the_grace(tmp_path: Path) -> None:
    async with workbench(tmp_path) as bench:
        digest = bench.pack({"actions/act.sh": "sleep 0.5; echo '\"whole\"'"})
        job = bench.job("shell", "act.sh", digest)
        await bench.submit(job)
        await bench.accepted(job)
        await bench.worker.stop(20)
        done = await bench.completion(job)
        assert (done.status, done.result) == ("succeeded", "whole")


async def test_what_does_not_end_within_the_grace_is_handed_back(tmp_path: Path) -> None:
    async with workbench(tmp_path) as bench:
        job = bench.job("shell", "sleep 60", bench.pack({"a": ""}))
        await bench.submit(job)
        await bench.accepted(job)
        queued = bench.job("native", "core.noop")
        await asyncio.gather(bench.worker.stop(0.3))
        done = await bench.completion(job)
        assert (done.status, done.handed_back) == ("lost", True)
        await bench.submit(queued)
        assert await bench.bus.depth(QUEUE) == (1, 0)


async def test_results_are_kept_until_the_broker_confirms_them(tmp_path: Path) -> None:
    async with workbench(tmp_path) as bench:
        job = bench.job("native", "core.sleep", parameters={"seconds": 0.2, "result": "kept"})
        await bench.submit(job)
        await bench.accepted(job)
        with _broker_away(bench) as refused:
            await until(lambda: refused, describe="a refused publish")
            assert bench.completions(job) == []
        assert (await bench.completion(job)).result == "kept"
        assert len(bench.completions(job)) == 1


async def test_a_worker_that_nobody_hears_ends_its_actions(tmp_path: Path) -> None:
    async with workbench(tmp_path, heartbeat_seconds=0.05, self_fence_seconds=0.5) as bench:
        job = bench.job("shell", "echo $$; sleep 60", bench.pack({"a": ""}))
        await bench.submit(job)
        await until(lambda: bench.lines(job))
        pid = int(bench.lines(job)[0][1])
        with _broker_away(bench):
            await until(lambda: not Path(f"/proc/{pid}").exists(), describe="the action's end")
            assert not (await bench.worker.health.ready()).ok
        done = await bench.completion(job)
        assert (done.status, done.handed_back) == ("lost", False)
        await until(lambda: not bench.worker._leases.fenced)


class _broker_away:  # noqa: N801 (used as a function)
    """Publishing fails inside the block."""

    def __init__(self, bench: Workbench) -> None:
        self._bus = bench.bus
        self._publish = bench.bus.publish
        self._refused: list[Sequence[Wire]] = []

    def __enter__(self) -> list[Sequence[Wire]]:
        async def refuse(wires: Sequence[Wire]) -> None:
            self._refused.append(wires)
            raise BusUnavailable("away")

        self._bus.publish = refuse  # type: ignore[method-assign]
        return self._refused

    def __exit__(self, *_: object) -> None:
        self._bus.publish = self._publish  # type: ignore[method-assign]


async def _queue_is_empty(bench: Workbench) -> bool:
    return (await bench.bus.depth(QUEUE))[0] == 0


async def _waits_without_listener(bench: Workbench) -> bool:
    ready, consumers = await bench.bus.depth(QUEUE)
    return ready > 0 and consumers == 0
