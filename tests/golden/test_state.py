"""Every state version ever written loads for ever. The files here are never edited; a new version adds one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from attune_core.model.status import ExecutionStatus, OutcomeStatus
from attune_core.workflow.codec import UnknownStateVersion, run_from_json, run_to_json, task_to_json
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

_FOLDER = Path(__file__).parent
_T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
_T1 = datetime(2026, 1, 1, 12, 0, 1, 500_000, tzinfo=UTC)
_ERROR = {"type": "boom", "message": "it broke", "index": 2}

V1 = RunState(
    status=ExecutionStatus.RUNNING,
    revision=7,
    vars={"n": 3, "list": [1, None, "x"]},
    tasks={
        "each": TaskState(
            current=Activation(
                2,
                Phase.RUNNING,
                started_at=_T0,
                items=ItemCounts(10, 5, 3, 2, 1, 1, 1, 1, 0, 0, _ERROR, True),
            ),
            last=Ended(1, OutcomeStatus.SUCCEEDED, 1, None, _T0, _T1, ItemCounts(0, limit=1)),
            activations=2,
        ),
        "join": TaskState(fired=("a", "b"), late=("c",), queued=1),
        "failed": TaskState(last=Ended(1, OutcomeStatus.TIMED_OUT, 3, _ERROR, _T0, _T1, handled=False), activations=1),
        "wait": TaskState(current=Activation(1, Phase.WAITING, attempt=2, started_at=_T0), activations=1),
    },
    ready=("next",),
    live=2,
    waiting=1,
    activations=4,
    stop=Stop(StopKind.FAILURE, {"type": "boom", "message": "it broke"}),
    failure={"type": "boom", "message": "it broke"},
    tries=2,
    started_at=_T0,
)


def load(name: str) -> RunState:
    stored: dict[str, Any] = json.loads((_FOLDER / name).read_text())
    return run_from_json(
        stored["state"],
        status=ExecutionStatus(stored["status"]),
        revision=stored["revision"],
        tries=stored["tries"],
        variables=stored["variables"],
        tasks=stored["tasks"],
    )


def test_version_1_loads() -> None:
    assert load("state_v1.json") == V1


def test_what_is_written_now_is_the_newest_golden_file() -> None:
    stored = json.loads((_FOLDER / "state_v1.json").read_text())
    assert json.loads(json.dumps(run_to_json(V1))) == stored["state"]
    assert {name: task_to_json(task) for name, task in V1.tasks.items()} == stored["tasks"]


def test_a_newer_version_is_left_for_a_newer_executor() -> None:
    with pytest.raises(UnknownStateVersion, match="newer"):
        run_from_json({"v": 99}, status=ExecutionStatus.RUNNING, revision=1, tries=1, variables={}, tasks={})
