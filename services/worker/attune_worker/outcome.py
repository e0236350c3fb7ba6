"""From what an attempt gave to the one completion that is published: gated, limited, never lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attune_common.contracts.execution import ExecutionCompleted
from attune_common.hosting.failure import ActionFailure
from attune_common.hosting.masking import Masker
from attune_common.runtime import json
from attune_common.runtime.clock import utcnow
from attune_core.model import schema
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
        usable, size = _gated(job, result, log)
    except ActionFailure as failure:
        return failed(job, failure, worker)
    return Ending(_completion(job, worker, status="succeeded", result=usable), 500 + size)


def failed(job: Job, failure: ActionFailure, worker: str) -> Ending:
    error = _usable_error(failure, job.masker)
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
        claim=job.claim,
        **members,
    )


def _gated(job: Job, result: Any, log: AttemptLog) -> tuple[Any, int]:
    limit = min(job.spec.limits.output, _LARGEST_MESSAGE)
    try:
        repaired_result, repaired = json.repair(result)
        _check(job, repaired_result)
        usable = job.masker.data(repaired_result)
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


def _check(job: Job, result: Any) -> None:
    """Against the action's `output`. Errors: ActionFailure `output_error`."""
    declared, action = job.spec.spec.get("output_schema"), job.spec.action_ref
    if not declared:
        return
    try:
        found = schema.validate(declared, result)
    except schema.SchemaError as problem:
        raise ActionFailure("schema_error", f"the output of {action} cannot be checked: {problem}") from None
    if found:
        told = "; ".join(f"{path or 'result'}: {message}" for path, message in found[:5])
        errors = [{"path": path, "message": message} for path, message in found[:50]]
        raise ActionFailure("output_error", f"{action} gave what it does not promise: {told}", errors=errors)


def _usable_error(failure: ActionFailure, masker: Masker) -> dict[str, Any]:
    """Its texts may have been cut, so what could be the beginning of a secret at an end is hidden as well."""
    error = failure.as_error()
    try:
        usable: dict[str, Any] = masker.cut(json.repair(error)[0])
        if len(json.dumps(usable)) <= _LARGEST_ERROR:
            return usable
    except (json.DataError, TypeError, ValueError, RecursionError):
        pass
    short = {"type": failure.type[:200], "message": failure.message[:_EXCERPT]}
    return {**masker.cut(json.repair(short)[0]), "truncated": True}
