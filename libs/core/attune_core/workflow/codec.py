"""The state of a run as JSON and back. Every version ever written loads for ever (tests/golden)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from attune_core.errors import AttuneError
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
    json: dict[str, Any] = {"v": VERSION, "ready": list(state.ready) or None}
    json |= {"live": state.live, "waiting": state.waiting, "activations": state.activations}
    json |= {"started_at": _time(state.started_at), "completed_at": _time(state.completed_at)}
    json["failure"] = dict(state.failure) if state.failure else None
    if state.stop is not None:
        json["stop"] = {"kind": state.stop.kind.value, "error": _map(state.stop.error)}
    return _compact(json)


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
        stop=None if stop is None else Stop(StopKind(stop["kind"]), stop.get("error")),
        failure=json.get("failure"),
        tries=tries,
        started_at=_parse(json.get("started_at")),
        completed_at=_parse(json.get("completed_at")),
    )


def task_to_json(task: TaskState) -> dict[str, Any]:
    json: dict[str, Any] = {"activations": task.activations, "queued": task.queued}
    json |= {"fired": list(task.fired), "late": list(task.late)}
    if task.current is not None:
        json["current"] = _current_to_json(task.current)
    if task.last is not None:
        json["last"] = _last_to_json(task.last)
    return _compact(json)


def task_from_json(json: Mapping[str, Any]) -> TaskState:
    current, last = json.get("current"), json.get("last")
    return TaskState(
        current=None if current is None else _current_from_json(current),
        last=None if last is None else _last_from_json(last),
        queued=json.get("queued", 0),
        fired=tuple(json.get("fired", ())),
        late=tuple(json.get("late", ())),
        activations=json.get("activations", 0),
    )


def task_status(task: TaskState) -> ExecutionStatus:
    """What the task's row shows: the current activation if there is one, else the last."""
    if task.current is not None:
        return _PHASE_STATUS[task.current.phase]
    return ExecutionStatus.PENDING if task.last is None else EXECUTION_STATUS_OF[task.last.status]


def _current_to_json(current: Activation) -> dict[str, Any]:
    json: dict[str, Any] = {"iteration": current.iteration, "phase": current.phase.value}
    json |= {"attempt": current.attempt, "started_at": _time(current.started_at)}
    return _compact(json | {"items": _counts_to_json(current.items)})


def _current_from_json(json: Mapping[str, Any]) -> Activation:
    return Activation(
        iteration=json["iteration"],
        phase=Phase(json["phase"]),
        attempt=json.get("attempt", 1),
        started_at=_parse(json.get("started_at")),
        items=_counts_from_json(json.get("items")),
    )


def _last_to_json(last: Ended) -> dict[str, Any]:
    json: dict[str, Any] = {"iteration": last.iteration, "status": last.status.value, "attempt": last.attempt}
    json |= {"started_at": _time(last.started_at), "completed_at": _time(last.completed_at)}
    json |= {"error": _map(last.error), "items": _counts_to_json(last.items)}
    return _compact(json | ({} if last.handled else {"unhandled": True}))


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


def _counts_to_json(counts: ItemCounts | None) -> dict[str, Any] | None:
    """`total` is always there, also for an empty list."""
    if counts is None:
        return None
    return {"total": counts.total} | _compact({name: getattr(counts, name) for name in _COUNT_FIELDS})


def _counts_from_json(json: Mapping[str, Any] | None) -> ItemCounts | None:
    if json is None:
        return None
    return ItemCounts(**{"limit": 0} | {name: json[name] for name in _COUNT_FIELDS if name in json})


def _compact(json: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in json.items() if value not in (None, 0, [], False)}


def _map(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if value is None else dict(value)


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def _parse(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
