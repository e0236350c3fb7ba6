"""What a sweep says in the place of a worker that cannot say it. The token makes it harmless when it can after all."""

from __future__ import annotations

from typing import Any, Literal

from attune_common.contracts.execution import ExecutionCompleted
from attune_common.store.connection import Row
from attune_common.store.executions import Execution
from attune_common.store.turns import Waiting
from attune_core.model.outcome import Outcome

_Status = Literal["succeeded", "failed", "timed_out", "cancelled", "lost"]
_OF_RUN: dict[str, _Status] = {
    "completed": "succeeded",
    "failed": "failed",
    "timeout": "timed_out",
    "cancelled": "cancelled",
}


def lost_report(row: Row) -> ExecutionCompleted:
    """The lease ran out."""
    return _report(row, "lost")


def overdue_report(row: Row) -> ExecutionCompleted:
    message = f"the attempt ran longer than its timeout of {row['timeout']:g} s and its worker did not end it"
    return _report(row, "timed_out", error={"type": "timeout", "message": message})


def cancelled_report(row: Row) -> ExecutionCompleted:
    message = "cancelled; its worker did not answer"
    return _report(row, "cancelled", error={"type": "cancelled", "message": message})


def untold_report(row: Row) -> ExecutionCompleted:
    """A child run is over and its parent has not taken notice."""
    return _report(row, _OF_RUN[row["status"]], result=row["result"], error=row["error"])


def failed_report(row: Execution, outcome: Outcome) -> ExecutionCompleted:
    """The execution cannot run any more."""
    return ExecutionCompleted(
        execution_id=row.id,
        attempt=row.attempt,
        token=row.token or "",
        status="failed",
        error=outcome.error,
        workflow_execution_id=row.workflow_run,
    )


def refused_report(waiting: Waiting, outcome: Outcome) -> ExecutionCompleted:
    """A policy has no room for it."""
    return ExecutionCompleted(
        execution_id=waiting.execution,
        attempt=waiting.attempt,
        token=waiting.token,
        status="failed",
        error=outcome.error,
        workflow_execution_id=waiting.workflow_run,
    )


def _report(
    row: Row, status: _Status, *, result: Any = None, error: dict[str, Any] | None = None
) -> ExecutionCompleted:
    return ExecutionCompleted(
        execution_id=row["id"],
        attempt=row.get("attempt", 1),
        token=row["token"],
        status=status,
        result=result,
        error=error,
        workflow_execution_id=row["workflow_run"],
    )
