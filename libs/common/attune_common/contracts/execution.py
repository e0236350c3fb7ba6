"""Messages about executions: asked for, on their way to a worker, accepted, ended, stopped, logged."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from attune_common.contracts.base import Message


class ExecutionRequested(Message):
    """An execution was stored and waits for the executor."""

    execution_id: int
    action_ref: str
    parent_id: int | None = None
    trace_id: str = ""


class JobLimits(Message):
    """`timeout` and `grace` in seconds, `memory` in bytes, `output` in bytes of result."""

    timeout: float | None = None
    grace: float = 10.0
    memory: int | None = None
    output: int = 16 * 1024 * 1024


class ExecutionScheduled(Message):
    """The job: everything a worker needs for one attempt. `runtime`: native | python | shell | http.

    `entry_point`: for native the function's name, for python a file in the pack (optionally `file.py:function`),
    for shell a file in the pack or a command line. `spec` holds what only that runtime understands.
    `secrets`: the places in the parameters at which markers of secrets stand; the worker asks the API for the values.
    `claim`: the attempt must not run twice; the worker asks the API whether it may begin, right before it does.
    """

    execution_id: int
    attempt: int
    token: str
    action_ref: str
    pack_ref: str
    pack_digest: str
    runtime: str
    entry_point: str = ""
    spec: dict[str, Any] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    secrets: list[list[str | int]] = Field(default_factory=list)
    limits: JobLimits = JobLimits()
    workflow_execution_id: int | None = None
    task_name: str | None = None
    task_index: int | None = None
    idempotency_key: str = ""
    trace_id: str = ""
    rule_ref: str | None = None
    trigger_ref: str | None = None
    iteration: int | None = None
    claim: bool = False

    @property
    def api_token(self) -> str:
        """What the action may use the API with: the rights of the run's identity, while this attempt is current."""
        return f"att_exec-{self.execution_id}_{self.token}"


class ExecutionAccepted(Message):
    """A worker holds the attempt and renews its lease by heartbeat.

    `begins_now`: what it needed took long to prepare; the time that it has begins with this message.
    """

    execution_id: int
    attempt: int
    token: str
    worker: str
    started_at: AwareDatetime
    begins_now: bool = False


class ExecutionCompleted(Message):
    """An attempt ended. `error` is `{"type", "message", ...}` unless succeeded.

    `claim`: of a job with `claim`, the name under which the worker asked to begin; empty when it has not asked.
    """

    execution_id: int
    attempt: int
    token: str
    status: Literal["succeeded", "failed", "timed_out", "cancelled", "lost"]
    result: Any = None
    error: dict[str, Any] | None = None
    started_at: AwareDatetime | None = None
    completed_at: AwareDatetime | None = None
    worker: str = ""
    workflow_execution_id: int | None = None
    handed_back: bool = False
    claim: str | None = None


class ExecutionCancel(Message):
    """To all workers: whoever runs this token stops it (TERM, grace, KILL)."""

    execution_id: int
    token: str
    reason: str = "cancelled"


class ExecutionStatusChanged(Message):
    """For watchers: the execution's stored status changed (only final ones and running are announced)."""

    execution_id: int
    action_ref: str
    status: str
    workflow_execution_id: int | None = None
    root_id: int | None = None
    task_name: str | None = None
    task_index: int | None = None
    attempt: int = 1
    trace_id: str = ""


class LogLine(Message):
    """One line of stdout or stderr; `seq` counts from 1 within the attempt, over both streams."""

    seq: int
    stream: Literal["stdout", "stderr", "system"]
    time: datetime
    line: str


class ExecutionLog(Message):
    """Lines that an attempt has written, in order."""

    execution_id: int
    attempt: int
    token: str = ""
    lines: list[LogLine]
