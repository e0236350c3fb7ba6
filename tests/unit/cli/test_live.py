"""The live tree as rows, as plain lines and as a drawing."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from attune_cli.live.draw import draw
from attune_cli.live.plain import PlainLines
from attune_cli.live.rows import Progress, rows_of
from attune_client.models import Task
from attune_client.watch import Snapshot

NOW = datetime(2026, 1, 1, 12, 0, 10, tzinfo=UTC)


def _task(name: str, status: str, second: int | None = None, **more: Any) -> Task:
    started = None if second is None else f"2026-01-01T12:00:{second:02d}Z"
    return Task(task_name=name, status=status, started_at=started, **more)


def _snapshot(*tasks: Task, status: str = "running", **children: Any) -> Snapshot:
    execution: Any = {"id": 7, "action": "demo.flow", "status": status, "created": "2026-01-01T12:00:00Z"}
    return Snapshot(execution, {}, tasks, children.get("children", {}))


def test_rows_come_in_the_order_of_their_start_and_the_waiting_last() -> None:
    snapshot = _snapshot(_task("z_first", "completed", 1), _task("idle", "pending"), _task("a_second", "running", 4))
    rows = rows_of(snapshot, NOW)
    assert [row.name for row in rows] == ["z_first", "a_second", "idle"]
    assert rows[1].seconds == 6.0
    assert rows[2].seconds is None


def test_an_iteration_counts_its_items() -> None:
    items: Any = {"total": 40, "live": 4, "succeeded": 20, "failed": 1, "timed_out": 2, "cancelled": 0, "skipped": 3}
    row = rows_of(_snapshot(_task("each", "running", 1, items=items)), NOW)[0]
    assert row.progress == Progress(total=40, good=23, bad=3)
    assert row.progress is not None
    assert row.progress.done == 26


def test_the_tasks_of_a_subworkflow_stand_below_it() -> None:
    outer = [
        _task("one", "completed", 1),
        _task("sub", "running", 2, child_workflow_execution=5),
        _task("z", "running", 9),
    ]
    snapshot = _snapshot(*outer, children={5: (_task("inner", "running", 3),)})
    assert [(row.name, row.depth) for row in rows_of(snapshot, NOW)] == [("one", 0), ("sub", 0), ("inner", 1), ("z", 0)]


def test_plain_lines_are_written_once_per_change_and_the_end_comes_last() -> None:
    lines: list[str] = []
    plain = PlainLines(lines.append)
    running = _snapshot(_task("build", "running", 1))
    plain.update(running)
    plain.update(running)
    plain.update(_snapshot(_task("build", "running", 1, attempt=2)))
    failed = _task("build", "failed", 1, attempt=2, error={"type": "x", "message": "it broke"})
    plain.update(_snapshot(failed, status="failed"))
    assert [line.split()[:2] for line in lines] == [
        ["demo.flow", "#7"],
        ["build", "running"],
        ["build", "running"],
        ["build", "failed"],
        ["demo.flow", "#7"],
    ]
    assert "attempt 2" in lines[2]
    assert "it broke" in lines[3]
    assert "failed" in lines[4]


def test_plain_lines_of_a_long_iteration_stay_few() -> None:
    lines: list[str] = []
    plain = PlainLines(lines.append)
    for done in range(1001):
        plain.update(_snapshot(_task("each", "running", 1, items={"total": 1000, "succeeded": done})))
    assert 10 <= len(lines) <= 13


def test_a_drawing_names_tasks_attempts_and_counts() -> None:
    screen = Console(file=io.StringIO(), width=120)
    snapshot = _snapshot(
        _task("ready", "running", 1, attempt=3),
        _task("each", "running", 2, items={"total": 8, "succeeded": 2, "failed": 1}),
    )
    screen.print(draw(snapshot, NOW))
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    for part in ("demo.flow", "#7", "ready", "attempt 3", "3/8", "1 failed", "├─", "└─"):
        assert part in text
