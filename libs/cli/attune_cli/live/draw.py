"""The live tree for terminals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from attune_cli.live.rows import Progress, Row, rows_of, seconds_between
from attune_client.watch import Snapshot

MARKS = {
    "completed": ("✓", "green"),
    "failed": ("✗", "red"),
    "timeout": ("✗", "red"),
    "cancelled": ("⊘", "yellow"),
    "skipped": ("–", "dim"),
    "paused": ("‖", "yellow"),
    "waiting": ("…", "cyan"),
    "scheduled": ("·", "cyan"),
    "requested": ("·", "dim"),
    "pending": ("·", "dim"),
}
_RUNNING = ("▸", "cyan")


class LiveTree:
    """Draws the last snapshot it was given; rich asks it again several times a second, so times go on."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._spinner = Spinner("dots", style="cyan")

    def update(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def __rich__(self) -> RenderableType:
        if self._snapshot is None:
            return Text("waiting…", style="dim")
        return draw(self._snapshot, datetime.now().astimezone(), self._spinner)


def draw(snapshot: Snapshot, now: datetime, spinner: Spinner | None = None) -> RenderableType:
    """A headline and one line per task."""
    rows = rows_of(snapshot, now)
    return Group(_headline(snapshot, now), _lines(rows, spinner)) if rows else _headline(snapshot, now)


def seconds_text(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}m {rest:04.1f}s" if minutes else f"{rest:.2f}s"


def _headline(snapshot: Snapshot, now: datetime) -> Text:
    execution = snapshot.execution
    status = str(execution.get("status", ""))
    seconds = seconds_between(
        execution.get("started_at") or execution.get("created"), execution.get("completed_at"), now
    )
    _, style = MARKS.get(status, _RUNNING)
    return Text.assemble(
        (str(execution.get("action", "")), "bold"),
        f"  #{execution.get('id')}  ",
        (status, style),
        (f"  {seconds_text(seconds)}", "dim"),
    )


def _lines(rows: Sequence[Row], spinner: Spinner | None) -> Table:
    grid = Table.grid(padding=(0, 1))
    for _ in range(7):
        grid.add_column(no_wrap=True)
    for number, row in enumerate(rows):
        last = all(later.depth < row.depth for later in rows[number + 1 : number + 2]) or number == len(rows) - 1
        branch = "│  " * row.depth + ("└─" if last else "├─")
        grid.add_row(Text(branch, style="dim"), _mark(row, spinner), *_cells(row))
    return grid


def _mark(row: Row, spinner: Spinner | None) -> RenderableType:
    if row.status in ("running", "canceling") and spinner is not None:
        return spinner
    mark, style = MARKS.get(row.status, _RUNNING)
    return Text(mark, style=style)


def _cells(row: Row) -> tuple[RenderableType, ...]:
    _, style = MARKS.get(row.status, _RUNNING)
    name = row.name if row.passes == 1 else f"{row.name} (pass {row.passes})"
    attempt = f"attempt {row.attempt}" if row.attempt > 1 else ""
    last: RenderableType = Text(row.note, style="red", overflow="ellipsis")
    if row.progress is not None:
        last = bar(row.progress)
    return Text(name), Text(row.status, style=style), Text(attempt, style="yellow"), _time(row), last


def bar(progress: Progress) -> RenderableType:
    """A progress bar with its count, and the failures when there are any."""
    style = "red" if progress.bad else "green"
    grid = Table.grid(padding=(0, 1))
    text = Text(f"{progress.done}/{progress.total}")
    if progress.bad:
        text.append(f" ({progress.bad} failed)", style="red")
    strip = ProgressBar(max(progress.total, 1), progress.done, width=24, complete_style=style, finished_style=style)
    grid.add_row(strip, text)
    return grid


def _time(row: Row) -> Text:
    return Text(seconds_text(row.seconds), style="dim", justify="right")
