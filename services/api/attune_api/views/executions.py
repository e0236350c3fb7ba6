"""Executions as clients see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from attune_api.views.policies import WaitsFor, waits_for
from attune_api.views.secrets import masked
from attune_common.store.connection import Row


class ExecutionSummary(BaseModel):
    """One unit of work. `workflow_execution`: its run, when the action is a workflow. `parent_workflow_execution`,

    `task_name`, `iteration`, `task_index`: where it belongs, when it is a task of a run. `duration` in seconds.
    """

    id: int
    action: str
    status: str
    attempt: int
    max_retries: int
    is_workflow: bool
    workflow_execution: int | None
    parent: int | None
    root: int | None
    parent_workflow_execution: int | None
    task_name: str | None
    iteration: int | None
    task_index: int | None
    timeout: float | None
    pool: str | None
    worker: str | None
    cancel_requested: bool
    identity: str | None
    rule: str | None
    trigger: str | None
    event: int | None
    trace_id: str
    error: dict[str, Any] | None
    created: datetime
    updated: datetime
    started_at: datetime | None
    completed_at: datetime | None
    duration: float | None


class Attempt(BaseModel):
    attempt: int
    status: str
    error: dict[str, Any] | None
    worker: str | None
    started_at: datetime | None
    completed_at: datetime | None


class Execution(ExecutionSummary):
    """`attempts` are those before the current one. Secret parameters are masked. `incident`: the one for which it is

    set aside, or stuck. `waits_for`: its turn under a policy.
    """

    parameters: dict[str, Any]
    result: Any = None
    attempts: list[Attempt]
    incident: int | None
    waits_for: WaitsFor | None = None


class LogEnd(BaseModel):
    """`seq`: the number of the last line that an attempt has written so far."""

    execution: int
    attempt: int
    seq: int


class LogLine(BaseModel):
    """`seq` counts from 1 within the attempt, over both streams. `task_name`, `task_index`: where it stands in its run.

    `stream`: stdout, stderr, or system for what Attune says.
    """

    execution: int
    task_name: str | None
    task_index: int | None
    attempt: int
    seq: int
    stream: str
    time: datetime
    line: str


class OpenedValue(BaseModel):
    """`path`: where in the parameters it stands."""

    path: list[str | int]
    value: Any


class OpenedSecrets(BaseModel):
    """`hide`: texts that must not leave the worker in a result, an error or a log line."""

    values: list[OpenedValue]
    hide: list[str]


def summary(row: Row) -> ExecutionSummary:
    return ExecutionSummary(**_summary(row))


def execution(row: Row | Mapping[str, Any], attempts: Iterable[Row], waiting: Row | None = None) -> Execution:
    return Execution(
        **_summary(row),
        parameters=masked(row["param_schema"], row["parameters"]),
        result=row["result"],
        attempts=[Attempt(**dict(attempt)) for attempt in attempts],
        incident=row["incident"],
        waits_for=None if waiting is None else waits_for(waiting),
    )


def duration(started: datetime | None, completed: datetime | None) -> float | None:
    """Seconds; None while it runs."""
    return None if started is None or completed is None else (completed - started).total_seconds()


_RENAMED = {
    "action": "action_ref",
    "parent_workflow_execution": "workflow_run",
    "rule": "rule_ref",
    "trigger": "trigger_ref",
}


def _summary(row: Row | Mapping[str, Any]) -> dict[str, Any]:
    names = (name for name in ExecutionSummary.model_fields if name != "duration")
    values = {name: row[_RENAMED.get(name, name)] for name in names}
    return {**values, "duration": duration(row["started_at"], row["completed_at"])}
