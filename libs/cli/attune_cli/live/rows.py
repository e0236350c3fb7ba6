"""What the live tree shows, worked out from a snapshot without any drawing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from attune_client.models import Items, Task
from attune_client.watch import Snapshot


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an iteration is, in items; `bad` are those that failed, timed out or were cancelled."""

    total: int
    good: int
    bad: int

    @property
    def done(self) -> int:
        return self.good + self.bad


@dataclass(frozen=True, slots=True)
class Row:
    """One task. `depth` counts the subworkflows around it. `seconds` is None before it started.

    `passes` counts activations in a loop; `note` says why it did not succeed.
    """

    name: str
    status: str
    depth: int = 0
    attempt: int = 1
    passes: int = 1
    seconds: float | None = None
    progress: Progress | None = None
    note: str = ""


def rows_of(snapshot: Snapshot, now: datetime) -> list[Row]:
    """The tasks in the order in which they started, those of a subworkflow below its task."""
    return list(_rows(snapshot.tasks, snapshot, now, 0))


def seconds_between(start: str | None, end: str | None, now: datetime) -> float | None:
    """Seconds from `start` to `end`, or to now while there is no end. ISO 8601 texts."""
    if not start:
        return None
    stop = datetime.fromisoformat(end) if end else now
    return max(0.0, (stop - datetime.fromisoformat(start)).total_seconds())


def _rows(tasks: Iterable[Task], snapshot: Snapshot, now: datetime, depth: int) -> Iterator[Row]:
    for task in sorted(tasks, key=_order):
        yield _row(task, now, depth)
        child = task.get("child_workflow_execution")
        if child is not None:
            yield from _rows(snapshot.children.get(child, ()), snapshot, now, depth + 1)


def _row(task: Task, now: datetime, depth: int) -> Row:
    error = task.get("error") or {}
    return Row(
        name=task.get("task_name", ""),
        status=task.get("status", ""),
        depth=depth,
        attempt=task.get("attempt") or 1,
        passes=task.get("activations") or 1,
        seconds=seconds_between(task.get("started_at"), task.get("completed_at"), now),
        progress=_progress(task.get("items")),
        note=str(error.get("message") or error.get("type") or ""),
    )


def _progress(items: Items | None) -> Progress | None:
    if items is None:
        return None
    good = items.get("succeeded", 0) + items.get("skipped", 0)
    bad = items.get("failed", 0) + items.get("timed_out", 0) + items.get("cancelled", 0)
    return Progress(items.get("total", 0), good, bad)


def _order(task: Task) -> tuple[bool, str, str]:
    """Those that have not started come last."""
    begun = task.get("started_at") or task.get("created") or ""
    return not begun, begun, task.get("task_name", "")
