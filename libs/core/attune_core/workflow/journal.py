"""Signals and commands as JSON: the lines of the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from attune_core.model.outcome import Outcome
from attune_core.model.status import OutcomeStatus
from attune_core.workflow import signals
from attune_core.workflow.commands import Command, RunAction, StoreItems
from attune_core.workflow.signals import Signal, TaskKey, TimerKind

_SIGNALS = {
    kind.__name__: kind
    for kind in (
        signals.RunStarted,
        signals.TaskFinished,
        signals.TaskSuspended,
        signals.TaskResumed,
        signals.TimerFired,
        signals.PauseRequested,
        signals.ResumeRequested,
        signals.CancelRequested,
        signals.RetryRequested,
    )
}


def signal_to_json(signal: Signal) -> dict[str, Any]:
    """A succeeded result is left out: it stands in the execution's row."""
    json: dict[str, Any] = {"type": type(signal).__name__}
    for field in fields(signal):
        value = getattr(signal, field.name)
        json[field.name] = _outcome_to_json(value) if isinstance(value, Outcome) else _plain(value)
    return json


def signal_from_json(json: Mapping[str, Any], result: Any = None) -> Signal:
    """`result`: that of the execution, for a TaskFinished. Errors: KeyError on an unknown type."""
    values = {key: value for key, value in json.items() if key != "type"}
    if values.get("key") is not None:
        values["key"] = TaskKey(**values["key"])
    if "outcome" in values:
        values["outcome"] = _outcome_from_json(values["outcome"], result)
    if "kind" in values:
        values["kind"] = TimerKind(values["kind"])
    if "tasks" in values:
        values["tasks"] = tuple(values["tasks"])
    signal: Signal = _SIGNALS[json["type"]](**values)
    return signal


def command_to_json(command: Command) -> dict[str, Any]:
    """Kinds, keys and numbers; neither parameters nor lists of items, which stand in rows of their own."""
    json: dict[str, Any] = {"type": type(command).__name__}
    for field in fields(command):
        value = getattr(command, field.name)
        if isinstance(command, RunAction) and field.name == "parameters":
            continue
        if isinstance(command, StoreItems) and field.name == "items":
            value = len(value)
        json[field.name] = _outcome_to_json(value) if isinstance(value, Outcome) else _plain(value)
    return {key: value for key, value in json.items() if value is not None}


def _outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    json = {
        "status": outcome.status.value,
        "error": outcome.error,
        "started_at": _plain(outcome.started_at),
        "completed_at": _plain(outcome.completed_at),
    }
    return {key: value for key, value in json.items() if value is not None}


def _outcome_from_json(json: Mapping[str, Any], result: Any) -> Outcome:
    started, completed = json.get("started_at"), json.get("completed_at")
    return Outcome(
        OutcomeStatus(json["status"]),
        result,
        json.get("error"),
        datetime.fromisoformat(started) if started else None,
        datetime.fromisoformat(completed) if completed else None,
    )


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(member) for member in value]
    return value
