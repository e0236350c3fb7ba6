"""What the seed promises to other systems about workflows and their tasks.

`root_id`: the outermost execution that all of it belongs to.
"""

from __future__ import annotations

from typing import Any, Literal

from attune_common.contracts.base import Message


class WorkflowStarted(Message):
    """`workflow_id` is the id of the workflow definition, `workflow_execution_id` that of the run."""

    execution_id: int
    workflow_id: int | None
    workflow_execution_id: int
    workflow_ref: str
    trace_id: str = ""
    root_id: int | None = None


class WorkflowCompleted(Message):
    execution_id: int
    result: Any
    workflow_execution_id: int
    workflow_ref: str
    trace_id: str = ""
    root_id: int | None = None


class WorkflowFailed(Message):
    """Also for timeout and cancelled: `status` tells. `error` is a sentence."""

    execution_id: int
    error: str
    status: str
    workflow_execution_id: int
    workflow_ref: str
    trace_id: str = ""
    root_id: int | None = None


class TaskScheduled(Message):
    workflow_execution_id: int
    task_name: str
    execution_id: int | None = None
    iteration: int = 1
    task_index: int | None = None
    attempt: int = 1
    workflow_ref: str = ""
    root_id: int | None = None
    trace_id: str = ""


class TaskResult(Message):
    """`status` in the words of the language: succeeded, skipped. `result` is null for iterations (see the API)."""

    status: str
    result: Any = None


class TaskCompleted(Message):
    workflow_execution_id: int
    task_name: str
    result: TaskResult
    iteration: int = 1
    workflow_ref: str = ""
    root_id: int | None = None
    trace_id: str = ""


class TaskFailed(Message):
    """`error` is a sentence, `error_type` its kind; `status`: failed, timed_out or cancelled."""

    workflow_execution_id: int
    task_name: str
    error: str
    error_type: str = ""
    status: str = "failed"
    iteration: int = 1
    workflow_ref: str = ""
    root_id: int | None = None
    trace_id: str = ""


class ItemsProgress(Message):
    """For watchers: how far an iteration is."""

    workflow_execution_id: int
    task_name: str
    iteration: int
    total: int
    succeeded: int
    failed: int
    live: int
    workflow_ref: str = ""
    root_id: int | None = None
    trace_id: str = ""


class RunRequested(Message):
    """Something for a run was stored in `run_request`: a user's request, or a subworkflow's news of itself."""

    workflow_execution_id: int
    kind: Literal["pause", "resume", "cancel", "retry", "suspended", "resumed"]
