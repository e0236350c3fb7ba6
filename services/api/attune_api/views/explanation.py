"""Why a run is where it is, as clients see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from attune_api.runstate import Seen
from attune_common.store.connection import Row
from attune_core.model.status import ExecutionStatus
from attune_core.workflow.explain import explain
from attune_core.workflow.signals import TimerKind
from attune_core.workflow.surroundings import Child, Due, Question, SetAside, Surroundings, Turn, Work
from attune_core.workflow.trail import Trail

_KINDS = {kind.value: kind for kind in TimerKind}


class Sentence(BaseModel):
    """`about`: run (as a whole), work (under way), turn (waits for others), way (not taken), outcome (how it ended)."""

    about: str
    task: str | None
    text: str


class Explanation(BaseModel):
    workflow_execution: int
    workflow_ref: str
    status: str
    sentences: list[Sentence]


def explanation(seen: Seen, trail: Trail, around: Surroundings) -> Explanation:
    found = explain(seen.graph, seen.state, trail, around)
    return Explanation(
        workflow_execution=seen.id,
        workflow_ref=seen.workflow_ref,
        status=seen.state.status.value,
        sentences=[Sentence(about=each.about.value, task=each.task, text=each.text) for each in found],
    )


def surroundings(
    seen: Seen,
    works: Sequence[Row],
    due: Sequence[Row],
    questions: Sequence[Row],
    asked: Sequence[str],
    incident: Row | None,
    waiting: Mapping[int, Row],
) -> Surroundings:
    """What `run_views.works`, `due`, `asked`, `incident`, `inquiry_views.of_run` and `policies.waits_for` give."""
    return Surroundings(
        now=seen.now,
        works=tuple(_work(row) for row in works),
        timers=tuple(_timer(row) for row in due if row["kind"] in _KINDS),
        questions=tuple(_question(row) for row in questions),
        children=tuple(_children(works)),
        asked=tuple(asked),
        set_aside=SetAside(incident["id"], incident["error"]) if incident else None,
        turns=tuple(_turn(row) for row in waiting.values()),
    )


def _work(row: Row) -> Work:
    return Work(
        task=row["task_name"],
        execution=row["id"],
        status=ExecutionStatus(row["status"]),
        index=row["task_index"],
        attempt=row["attempt"],
        most=row["most"],
        worker=row["worker"],
        pool=row["pool"],
        since=row["since"],
        cancelling=row["cancel_requested"],
        served=row["served"],
        failed_with=row["failed_with"],
    )


def _turn(row: Row) -> Turn:
    return Turn(row["execution"], row["policy"], row["kind"], row["position"], row["bucket"], row["due_at"])


def _children(works: Sequence[Row]) -> Iterator[Child]:
    for row in works:
        if row["child_run"] is not None:
            yield Child(row["id"], row["child_run"], ExecutionStatus(row["child_status"]))


def _timer(row: Row) -> Due:
    target: dict[str, Any] = row["target"]
    return Due(
        kind=_KINDS[row["kind"]],
        due_at=row["due_at"],
        held=row["held"],
        task=target.get("task"),
        index=target.get("index"),
        attempt=target.get("attempt", 0),
    )


def _question(row: Row) -> Question:
    return Question(row["id"], row["execution"], row["prompt"], tuple(row["assigned_to"]), row["timeout_at"])
