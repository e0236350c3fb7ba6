"""The closed sets of states. A status without a sweep that ends it may not exist (docs/architecture.md)."""

from __future__ import annotations

from enum import StrEnum


class ExecutionStatus(StrEnum):
    """States of an execution and of a workflow execution, as stored (`attune.execution_status_enum`)."""

    REQUESTED = "requested"
    SCHEDULING = "scheduling"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSING = "pausing"
    PAUSED = "paused"
    RESUMING = "resuming"
    CANCELING = "canceling"
    ROLLING_BACK = "rolling_back"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"
    ROLLED_BACK = "rolled_back"
    SKIPPED = "skipped"
    PENDING = "pending"

    # Looked up by the dozen for each task: Enum's own hash is a function in Python.
    __hash__ = str.__hash__

    @property
    def is_final(self) -> bool:
        return self in FINAL


FINAL = frozenset(
    {
        ExecutionStatus.COMPLETED,
        ExecutionStatus.FAILED,
        ExecutionStatus.TIMEOUT,
        ExecutionStatus.CANCELLED,
        ExecutionStatus.ABANDONED,
        ExecutionStatus.ROLLED_BACK,
        ExecutionStatus.SKIPPED,
    }
)


class OutcomeStatus(StrEnum):
    """The one outcome of an attempt or of a task, in the words of the workflow language."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    __hash__ = str.__hash__


EXECUTION_STATUS_OF = {
    OutcomeStatus.SUCCEEDED: ExecutionStatus.COMPLETED,
    OutcomeStatus.FAILED: ExecutionStatus.FAILED,
    OutcomeStatus.TIMED_OUT: ExecutionStatus.TIMEOUT,
    OutcomeStatus.CANCELLED: ExecutionStatus.CANCELLED,
    OutcomeStatus.SKIPPED: ExecutionStatus.SKIPPED,
}
