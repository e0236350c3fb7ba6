"""Signals and commands as JSON: the lines of the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from attune_core.model.moments import iso
from attune_core.model.outcome import Outcome
from attune_core.model.status import ExecutionStatus, OutcomeStatus
from attune_core.workflow import signals
from attune_core.workflow.commands import Command
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
        signals.LimitReached,
    )
}


_AS_IS = frozenset({type(None), str, int, float, bool, dict, list})


def signal_to_json(signal: Signal) -> dict[str, Any]:
    """A succeeded result is left out: it stands in the execution's row."""
    json: dict[str, Any] = {"type": type(signal).__name__}
    for name in _names(type(signal)):
        json[name] = _plain(getattr(signal, name))
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
    for name in _names(type(command)):
        value = getattr(command, name)
        if value is None or name == "parameters":
            continue
        json[name] = len(value) if name == "items" else _plain(value)
    return json


_NAMES: dict[type, tuple[str, ...]] = {}


def _names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass, looked up once per class: this runs for every line of the journal."""
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()
    return _NAMES[kind]


def _outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    json: dict[str, Any] = {"status": outcome.status._value_}
    if outcome.error is not None:
        json["error"] = outcome.error
    if outcome.started_at is not None:
        json["started_at"] = iso(outcome.started_at)
    if outcome.completed_at is not None:
        json["completed_at"] = iso(outcome.completed_at)
    return json


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
    kind = type(value)
    if kind in _AS_IS:
        return value
    write = _WRITTEN.get(kind)
    if write is not None:
        return write(value)
    names = _names(kind)
    return {name: _plain(getattr(value, name)) for name in names} if names else value


def _key_to_json(key: TaskKey) -> dict[str, Any]:
    return {"task": key.task, "iteration": key.iteration, "index": key.index}


def _word(value: Enum) -> Any:
    return value._value_


_WRITTEN: dict[type, Callable[[Any], Any]] = {
    TaskKey: _key_to_json,
    Outcome: _outcome_to_json,
    OutcomeStatus: _word,
    ExecutionStatus: _word,
    TimerKind: _word,
    datetime: iso,
    tuple: lambda members: [_plain(member) for member in members],
}
