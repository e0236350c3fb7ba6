"""Workflow executions as clients see them: the run and its journal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from attune_api.views.executions import duration
from attune_api.views.secrets import masked
from attune_common.store.connection import Row


class RunSummary(BaseModel):
    """`execution`: the execution that the run works for. `parent`: that of the workflow around it, if any.

    `version`: digest of the definition that this run keeps to its end. `tries` counts retries of the whole run.
    """

    id: int
    execution: int
    workflow_ref: str
    workflow_def: int | None
    version: str
    status: str
    error_message: str | None
    revision: int
    attempt: int
    tries: int
    parent: int | None
    trace_id: str
    created: datetime
    updated: datetime
    started_at: datetime | None
    completed_at: datetime | None
    duration: float | None


class Run(RunSummary):
    """With its variables, inputs, output and the tasks by state."""

    current_tasks: list[str]
    completed_tasks: list[str]
    failed_tasks: list[str]
    variables: dict[str, Any]
    task_graph: dict[str, Any]
    parameters: dict[str, Any]
    result: Any = None
    error: dict[str, Any] | None


class JournalEntry(BaseModel):
    """One accepted signal and what was decided on it, with the facts that the decision read."""

    revision: int
    time: datetime
    signal: dict[str, Any]
    commands: list[Any]
    facts: Any = None


def summary(row: Row) -> RunSummary:
    return RunSummary(**_values(row, RunSummary))


def run(row: Row) -> Run:
    parameters = masked(row["param_schema"], row["parameters"])
    return Run(**{**_values(row, Run), "parameters": parameters})


def journal_entry(row: Row) -> JournalEntry:
    return JournalEntry(**dict(row))


def _values(row: Row, model: type[BaseModel]) -> dict[str, Any]:
    values = {name: row[name] for name in model.model_fields if name not in ("duration", "started_at")}
    started = row["started_at"] or row["created"]
    return {**values, "started_at": started, "duration": duration(started, row["completed_at"])}
