"""The state of a run as JSON and back. Every version ever written loads for ever (tests/golden)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from attune_core.errors import AttuneError
from attune_core.model.moments import iso
from attune_core.model.status import EXECUTION_STATUS_OF, ExecutionStatus, OutcomeStatus
from attune_core.workflow.state import (
    Activation,
    Ended,
    ItemCounts,
    Phase,
    RunState,
    Stop,
    StopKind,
    TaskState,
)

VERSION = 1

_PHASE_STATUS = {
    Phase.READY: ExecutionStatus.PENDING,
    Phase.WAITING: ExecutionStatus.WAITING,
    Phase.RUNNING: ExecutionStatus.RUNNING,
    Phase.OPEN: ExecutionStatus.RUNNING,
}


class UnknownStateVersion(AttuneError):
    """The state was written by a newer release: it is left for a newer executor."""

    code = "unknown_state_version"


def run_to_json(state: RunState) -> dict[str, Any]:
    """What the run's row keeps beside status, revision, tries and variables. Defaults are left out."""
    json: dict[str, Any] = {"v": VERSION}
    if state.ready:
        json["ready"] = list(state.ready)
    for name in ("live", "waiting", "activations", "lines", "going_on", "within"):
        if value := getattr(state, name):
            json[name] = value
    for name in ("started_at", "completed_at"):
        if moment := getattr(state, name):
            json[name] = iso(moment)
    if state.failure:
        json["failure"] = dict(state.failure)
    if state.stop is not None:
        json["stop"] = _stop_to_json(state.stop)
    return json


def _stop_to_json(stop: Stop) -> dict[str, Any]:
    return {"kind": stop.kind.value, "error": None if stop.error is None else dict(stop.error)}


def run_from_json(
    json: Mapping[str, Any],
    *,
    status: ExecutionStatus,
    revision: int,
    tries: int,
    variables: Mapping[str, Any],
    tasks: Mapping[str, Mapping[str, Any]],
) -> RunState:
    """Errors: UnknownStateVersion."""
    if json.get("v", VERSION) > VERSION:
        raise UnknownStateVersion(f"state version {json['v']} is newer than this release knows ({VERSION})")
    stop = json.get("stop")
    return RunState(
        status=status,
        revision=revision,
        vars=variables,
        tasks={name: task_from_json(task) for name, task in tasks.items()},
        ready=tuple(json.get("ready", ())),
        live=json.get("live", 0),
        waiting=json.get("waiting", 0),
        activations=json.get("activations", 0),
        lines=json.get("lines", 0),
        going_on=json.get("going_on", False),
        within=json.get("within"),
        stop=None if stop is None else Stop(StopKind(stop["kind"]), stop.get("error")),
        failure=json.get("failure"),
        tries=tries,
        started_at=_parse(json.get("started_at")),
        completed_at=_parse(json.get("completed_at")),
    )


def task_to_json(task: TaskState) -> dict[str, Any]:
    """Written twice for every task: field by field, which takes half as long as leaving defaults out afterwards."""
    json: dict[str, Any] = {}
    if task.activations:
        json["activations"] = task.activations
    if task.queued:
        json["queued"] = task.queued
    for name in ("fired", "late", "owed"):
        if sources := getattr(task, name):
            json[name] = list(sources)
    if task.current is not None:
        json["current"] = _current_to_json(task.current)
    if task.last is not None:
        json["last"] = _last_to_json(task.last)
    return json


def task_from_json(json: Mapping[str, Any]) -> TaskState:
    current, last = json.get("current"), json.get("last")
    return TaskState(
        current=None if current is None else _current_from_json(current),
        last=None if last is None else _last_from_json(last),
        queued=json.get("queued", 0),
        fired=tuple(json.get("fired", ())),
        late=tuple(json.get("late", ())),
        owed=tuple(json.get("owed", ())),
        activations=json.get("activations", 0),
    )


def task_status(task: TaskState) -> ExecutionStatus:
    """What the task's row shows: the current activation if there is one, else the last."""
    if task.current is not None:
        return _PHASE_STATUS[task.current.phase]
    return ExecutionStatus.PENDING if task.last is None else EXECUTION_STATUS_OF[task.last.status]


def _current_to_json(current: Activation) -> dict[str, Any]:
    json: dict[str, Any] = {"iteration": current.iteration, "phase": current.phase._value_}
    if current.attempt:
        json["attempt"] = current.attempt
    if current.started_at is not None:
        json["started_at"] = iso(current.started_at)
    if current.items is not None:
        json["items"] = _counts_to_json(current.items)
    if current.delayed:
        json["delayed"] = True
    return json


def _current_from_json(json: Mapping[str, Any]) -> Activation:
    return Activation(
        iteration=json["iteration"],
        phase=Phase(json["phase"]),
        attempt=json.get("attempt", 1),
        started_at=_parse(json.get("started_at")),
        items=_counts_from_json(json.get("items")),
        delayed=json.get("delayed", False),
    )


def _last_to_json(last: Ended) -> dict[str, Any]:
    json: dict[str, Any] = {"iteration": last.iteration, "status": last.status._value_}
    if last.attempt:
        json["attempt"] = last.attempt
    if last.started_at is not None:
        json["started_at"] = iso(last.started_at)
    if last.completed_at is not None:
        json["completed_at"] = iso(last.completed_at)
    if last.error is not None:
        json["error"] = dict(last.error)
    if last.items is not None:
        json["items"] = _counts_to_json(last.items)
    if not last.handled:
        json["unhandled"] = True
    return json


def _last_from_json(json: Mapping[str, Any]) -> Ended:
    return Ended(
        iteration=json["iteration"],
        status=OutcomeStatus(json["status"]),
        attempt=json.get("attempt", 1),
        error=json.get("error"),
        started_at=_parse(json.get("started_at")),
        completed_at=_parse(json.get("completed_at")),
        items=_counts_from_json(json.get("items")),
        handled=not json.get("unhandled", False),
    )


_COUNT_FIELDS = tuple(field.name for field in fields(ItemCounts))


def _counts_to_json(counts: ItemCounts) -> dict[str, Any]:
    """`total` is always there, also for an empty list."""
    return {"total": counts.total} | _compact({name: getattr(counts, name) for name in _COUNT_FIELDS})


def _counts_from_json(json: Mapping[str, Any] | None) -> ItemCounts | None:
    if json is None:
        return None
    return ItemCounts(**{"limit": 0} | {name: json[name] for name in _COUNT_FIELDS if name in json})


def _compact(json: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in json.items() if value or value == {} or value == ""}


def _parse(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
