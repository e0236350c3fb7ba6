"""The shapes of the API's answers. Fields that a newer server adds are simply there."""

from __future__ import annotations

from typing import Any, TypedDict


class ErrorInfo(TypedDict, total=False):
    """Why an execution or a task did not succeed."""

    type: str
    message: str


class Execution(TypedDict, total=False):
    """One unit of work. `workflow_execution` is the id of its run when the action is a workflow."""

    id: int
    action: str
    status: str
    attempt: int
    parent: int | None
    workflow_execution: int | None
    task_name: str | None
    task_index: int | None
    parameters: dict[str, Any]
    result: Any
    error: ErrorInfo | None
    worker: str | None
    created: str
    started_at: str | None
    completed_at: str | None


class Run(TypedDict, total=False):
    """A workflow execution."""

    id: int
    execution: int
    workflow_ref: str
    status: str
    variables: dict[str, Any]
    result: Any
    error: ErrorInfo | None
    error_message: str | None
    created: str
    completed_at: str | None


class Items(TypedDict, total=False):
    """How far an iteration is, in items."""

    total: int
    started: int
    live: int
    succeeded: int
    failed: int
    timed_out: int
    cancelled: int
    skipped: int


class Task(TypedDict, total=False):
    """A task of a run with its latest activation; `items` only for iterations.

    `child_workflow_execution` is the run of a subworkflow, `activations` counts the passes of a loop.
    """

    task_name: str
    task_index: int | None
    iteration: int | None
    status: str
    execution: int | None
    child_workflow_execution: int | None
    action: str | None
    attempt: int
    retry_count: int
    activations: int | None
    items: Items | None
    result: Any
    error: ErrorInfo | None
    worker: str | None
    created: str | None
    updated: str
    started_at: str | None
    completed_at: str | None
    duration: float | None


class Inquiry(TypedDict, total=False):
    id: int
    execution: int
    workflow_execution: int | None
    task_name: str | None
    task_index: int | None
    prompt: str
    schema: dict[str, Any] | None
    assigned_to: list[str]
    default: Any
    has_default: bool
    status: str
    response: Any
    responded_by: str | None
    timeout_at: str | None
    created: str
    closed: str | None
"""A question to people; `schema` is that of the answer."""


class Pack(TypedDict, total=False):
    """A registered pack."""

    ref: str
    label: str
    description: str
    version: str
    digest: str
    warnings: list[dict[str, Any]]


class Workflow(TypedDict, total=False):
    """A workflow's definition as registered."""

    ref: str
    label: str
    description: str
    version: str
    pack_ref: str
    tags: list[str]
    definition: dict[str, Any]


class LogEntry(TypedDict, total=False):
    """One line that an action wrote."""

    attempt: int
    seq: int
    stream: str
    time: str
    line: str


class Event(TypedDict, total=False):
    """Something that happened outside: a trigger fired."""

    id: int
    trigger: str
    payload: dict[str, Any]
    created: str


class Rule(TypedDict, total=False):
    """What starts an action when a trigger fires."""

    ref: str
    label: str
    trigger: str
    action: str
    enabled: bool


class Enforcement(TypedDict, total=False):
    """One rule's verdict on one event; `execution` is what it started."""

    id: int
    rule: str
    event: int
    matched: bool
    reason: str
    execution: int | None
