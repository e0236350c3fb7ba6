"""The same tree for what is no terminal: one line whenever something changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attune_cli.live.rows import Row, rows_of, seconds_between
from attune_client.watch import Snapshot

_SILENT = frozenset({"pending", "requested", "scheduled", "scheduling"})
_GOING = frozenset({"running", "waiting"})
_TENTHS = 10


class PlainLines:
    """`write` gets one line of text at a time. A progressing iteration says so at each tenth."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._told: dict[tuple[str, int], str] = {}
        self._status = ""

    def update(self, snapshot: Snapshot) -> None:
        now = datetime.now().astimezone()
        self._tell_status(snapshot, now, final=False)
        for row in rows_of(snapshot, now):
            self._tell(row)
        self._tell_status(snapshot, now, final=True)

    def _tell(self, row: Row) -> None:
        text, key = _text(row), (row.name, row.depth)
        mark = _mark(row)
        if row.status not in _SILENT and self._told.get(key) != mark:
            self._told[key] = mark
            self._write(f"  {text}")

    def _tell_status(self, snapshot: Snapshot, now: datetime, *, final: bool) -> None:
        """The workflow's own line: its start before its tasks, its end after them."""
        execution = snapshot.execution
        status = str(execution.get("status", ""))
        if self._status and status in _GOING:
            return
        if snapshot.over is not final or status == self._status or status in _SILENT:
            return
        self._status = status
        seconds = seconds_between(execution.get("created"), execution.get("completed_at"), now)
        time = f" after {seconds:.2f} s" if final and seconds is not None else ""
        self._write(f"{execution.get('action')} #{execution.get('id')} {status}{time}")


def _mark(row: Row) -> str:
    """What makes a row worth a new line: times and small steps do not."""
    tenth = 0
    if row.progress is not None and row.progress.total:
        tenth = row.progress.done * _TENTHS // row.progress.total
    return f"{row.status} {row.attempt} {row.passes} {tenth}"


def _text(row: Row) -> str:
    parts = [f"{'  ' * row.depth}{row.name:<28}", f"{row.status:<10}"]
    if row.attempt > 1:
        parts.append(f"attempt {row.attempt}")
    if row.progress is not None:
        parts.append(f"{row.progress.done}/{row.progress.total}")
    if row.seconds is not None:
        parts.append(f"{row.seconds:.2f} s")
    if row.note:
        parts.append(f"- {row.note}")
    return " ".join(parts).rstrip()
