"""From what an attempt gave to the one completion that is published: gated, limited, never lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attune_common.contracts.execution import ExecutionCompleted
from attune_common.hosting.failure import ActionFailure
from attune_common.runtime import json
from attune_common.runtime.clock import utcnow
from attune_worker.jobs import Job, Stop
from attune_worker.logs import AttemptLog

_LARGEST_MESSAGE = 15 * 1024 * 1024
_EXCERPT = 4096
_LARGEST_ERROR = 64 * 1024


@dataclass(frozen=True, slots=True)
class Ending:
    """A completion and about how many bytes it has on the wire."""

    completed: ExecutionCompleted
    size: int


def succeeded(job: Job, result: Any, log: AttemptLog, worker: str) -> Ending:
    """The completion of a result; failed when it cannot be stored."""
    try:
        usable, size = _gated(result, min(job.spec.limits.output, _LARGEST_MESSAGE), log)
    except ActionFailure as failure:
        return failed(job, failure, worker)
    return Ending(_completion(job, worker, status="succeeded", result=usable), 500 + size)


def failed(job: Job, failure: ActionFailure, worker: str) -> Ending:
    error = _usable_error(failure)
    return Ending(_completion(job, worker, status="failed", error=error), 500 + len(str(error)))


def stopped(job: Job, why: Stop, worker: str) -> Ending:
    """The completion of an attempt that was ended from outside."""
    error = {"type": _STOP_TYPES[why], "message": _stop_message(job, why)}
    completed = _completion(job, worker, status=why.value, error=error, handed_back=job.handed_back)
    return Ending(completed, 500)


_STOP_TYPES = {Stop.CANCELLED: "cancelled", Stop.TIMED_OUT: "timeout", Stop.LOST: "worker_lost"}


def _stop_message(job: Job, why: Stop) -> str:
    match why:
        case Stop.CANCELLED:
            return "the execution was cancelled"
        case Stop.TIMED_OUT:
            return f"the action did not end within {job.spec.limits.timeout or 0:g} s"
        case Stop.LOST:
            reason = "was stopping" if job.handed_back else "lost its connection"
            return f"the worker {reason} before the action ended"


def _completion(job: Job, worker: str, **members: Any) -> ExecutionCompleted:
    spec = job.spec
    return ExecutionCompleted(
        execution_id=spec.execution_id,
        attempt=spec.attempt,
        token=spec.token,
        started_at=job.started_at,
        completed_at=utcnow(),
        worker=worker,
        workflow_execution_id=spec.workflow_execution_id,
        **members,
    )


def _gated(result: Any, limit: int, log: AttemptLog) -> tuple[Any, int]:
    try:
        usable, repaired = json.repair(result)
        size = len(json.dumps(usable))
    except (json.DataError, TypeError, ValueError, RecursionError) as problem:
        raise ActionFailure(
            "result_unusable", f"the result cannot be stored: {problem}", excerpt=repr(result)[:_EXCERPT]
        ) from problem
    if size > limit:
        raise ActionFailure("result_too_large", f"the result has {size:,} bytes, the limit is {limit:,}")
    if repaired:
        log.system("the result was repaired: it had text, numbers or types that cannot be stored")
    return usable, size


def _usable_error(failure: ActionFailure) -> dict[str, Any]:
    error = failure.as_error()
    try:
        usable: dict[str, Any] = json.repair(error)[0]
        if len(json.dumps(usable)) <= _LARGEST_ERROR:
            return usable
    except (json.DataError, TypeError, ValueError, RecursionError):
        pass
    message = json.repair(failure.message[:_EXCERPT])[0]
    return {"type": json.repair(failure.type[:200])[0], "message": message, "truncated": True}
