"""An execution reaches its final state."""

from __future__ import annotations

from attune_common.contracts.execution import ExecutionStatusChanged
from attune_common.store.executions import Execution
from attune_core.model.outcome import Outcome
from attune_core.model.status import EXECUTION_STATUS_OF
from attune_executor.batch import Batch
from attune_executor.context import ENDED
from attune_executor.happenings import execution_finished


def finish_row(batch: Batch, row: Execution, outcome: Outcome) -> None:
    """Store the outcome, once: a final state never changes."""
    if row.status.is_final:
        return
    row.status = EXECUTION_STATUS_OF[outcome.status]
    row.result, row.error = outcome.result, outcome.error
    row.started_at = row.started_at or outcome.started_at
    row.completed_at = outcome.completed_at or batch.now
    batch.change(row)
    ENDED.labels(row.status._value_).inc()
    announce_status(batch, row)
    execution_finished(batch, row)


def announce_status(batch: Batch, row: Execution) -> None:
    """Tell watchers the row's status."""
    batch.emit(
        ExecutionStatusChanged(
            execution_id=row.id,
            action_ref=row.action_ref,
            status=row.status._value_,
            workflow_execution_id=row.workflow_run,
            root_id=row.root_id,
            task_name=row.task_name,
            task_index=row.task_index,
            attempt=row.attempt,
            trace_id=row.trace_id,
        )
    )
