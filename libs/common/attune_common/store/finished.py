"""What `core.execution_finished` says of an execution, whoever has ended it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attune_common.runtime import json
from attune_common.store.executions import Execution
from attune_common.store.internal_events import EXECUTION_FINISHED, Happening

_LARGEST = 64 * 1024


def execution_finished(row: Execution) -> Happening:
    """`row` in its final state, with the result and the error that it has."""
    payload = {
        "execution": row.id,
        "action": row.action_ref,
        "status": row.status.value,
        **told("result", row.result),
        "error": row.error,
        "attempt": row.attempt,
        "is_workflow": row.is_workflow,
        "parent": row.parent,
        "workflow_execution": row.workflow_run,
        "task": row.task_name,
        "task_index": row.task_index,
        "rule": row.rule_ref,
        "trigger": row.trigger_ref,
        **times(row.started_at, row.completed_at),
    }
    return Happening(EXECUTION_FINISHED, payload, row.id, row.trace_id)


def told(name: str, value: Any) -> dict[str, Any]:
    """The value, or that it is too large to be sent around."""
    if value is not None and len(json.dumps(value)) > _LARGEST:
        return {name: None, f"{name}_omitted": True}
    return {name: value}


def times(started: datetime | None, completed: datetime | None) -> dict[str, Any]:
    seconds = (completed - started).total_seconds() if started is not None and completed is not None else None
    return {
        "started_at": None if started is None else started.isoformat(),
        "completed_at": None if completed is None else completed.isoformat(),
        "duration": seconds,
    }
