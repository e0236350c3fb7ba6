"""One completion, whatever an attempt gave."""

from __future__ import annotations

from typing import Any

from attune_common.contracts.execution import ExecutionScheduled, JobLimits
from attune_common.hosting.failure import ActionFailure
from attune_worker import outcome
from attune_worker.jobs import Job, Jobs, Stop
from attune_worker.logs import AttemptLog, LogLimits


def spec(**more: Any) -> ExecutionScheduled:
    given = {"execution_id": 1, "attempt": 2, "token": "t", "action_ref": "a.b", "pack_ref": "a", "pack_digest": ""}
    return ExecutionScheduled(**{**given, "runtime": "native", **more})


def quiet() -> AttemptLog:
    return AttemptLog((1, 1, "t"), lambda *_: None, LogLimits())


async def test_a_result_within_its_limit_is_kept_and_one_beyond_fails() -> None:
    job = Job(spec(limits=JobLimits(output=10)))
    assert outcome.succeeded(job, "x" * 8, quiet(), "w").completed.result == "x" * 8
    done = outcome.succeeded(job, "x" * 9, quiet(), "w").completed
    assert done.error is not None
    assert (done.status, done.error["type"]) == ("failed", "result_too_large")


async def test_an_error_that_cannot_be_stored_keeps_type_and_message() -> None:
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    for details in (deep, "x" * 1_000_000):
        done = outcome.failed(Job(spec()), ActionFailure("kind", "why", details=details), "w").completed
        assert done.error == {"type": "kind", "message": "why", "truncated": True}


async def test_a_stopped_attempt_says_why() -> None:
    job = Job(spec(limits=JobLimits(timeout=5)))
    for why, kind in ((Stop.CANCELLED, "cancelled"), (Stop.TIMED_OUT, "timeout"), (Stop.LOST, "worker_lost")):
        done = outcome.stopped(job, why, "w").completed
        assert done.error is not None
        assert (done.status, done.error["type"], done.handed_back) == (why.value, kind, False)


async def test_the_first_reason_to_stop_counts_and_a_shorter_grace() -> None:
    job = Job(spec(limits=JobLimits(grace=10)))
    job.stop(Stop.CANCELLED)
    job.stop(Stop.LOST, grace=0)
    assert job.stopped.result() is Stop.CANCELLED
    assert job.grace() == 0


async def test_a_cancel_before_the_job_is_remembered_within_bounds() -> None:
    jobs = Jobs()
    for number in range(20_000):
        jobs.cancel(f"other-{number}")
    jobs.cancel("t")
    assert jobs.add(spec()).stopped.done()
    assert len(jobs._refused) == 10_000
