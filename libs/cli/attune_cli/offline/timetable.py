"""A rehearsal as people read it: what happened when in virtual time, and how it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from attune_cli.output import text_of
from attune_core.rehearsal.report import Step, What

if TYPE_CHECKING:
    from rich.console import RenderableType

    from attune_core.rehearsal.cases import Result

_ITEMS = 6
_FAILED_ITEMS = 20
_VALUE = 100
_PATH = 40
_DAY = 86_400
_STYLES = {
    "succeeded": "green",
    "completed": "green",
    "failed": "red",
    "timed_out": "red",
    "timeout": "red",
    "cancelled": "yellow",
    "skipped": "dim",
}
_VERBS = {What.TOLD: "told to", What.FINISHED: "run"}


def as_record(ref: str, result: Result) -> dict[str, Any]:
    """For programs: every step, nothing left out."""
    report = result.report
    return {
        "workflow": ref,
        "status": report.status.value,
        "output": report.output,
        "error": report.error,
        "duration": report.duration,
        "path": list(report.path),
        "variables": dict(report.variables),
        "tasks": dict(report.tasks),
        "attempts": dict(report.attempts),
        "steps": [
            {"at": step.at, "what": step.what.value, "name": step.name, "detail": step.detail, "value": step.value}
            for step in report.steps
        ],
        "stopped": report.stopped,
        "problems": [str(problem) for problem in result.problems],
    }


def as_table(ref: str, result: Result) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    report = result.report
    style = _STYLES.get(report.status.value, "yellow")
    took = f" after {clock(report.duration)} of virtual time"
    head = Text.assemble((ref, "bold"), " ", (report.status.value, f"bold {style}"), took)
    return Group(head, Text(), _steps(report.steps), Text(), _end(result))


def clock(seconds: float) -> str:
    """`0:00:12`, `26:00:05.250`, `3 d 02:00:00`."""
    whole = int(seconds)
    part = f"{seconds - whole:.3f}"[1:].rstrip("0").rstrip(".")
    days, rest = divmod(whole, _DAY)
    hours, minutes, secs = rest // 3600, rest // 60 % 60, rest % 60
    ahead = f"{days} d {hours:02}" if days else f"{hours}"
    return f"{ahead}:{minutes:02}:{secs:02}{part}"


def _steps(steps: Sequence[Step]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("TIME", justify="right")
    for heading in ("WHAT", "TASK", "HOW"):
        table.add_column(heading)
    for step in _worth_showing(steps):
        how = Text(step.detail, style=_STYLES.get(step.detail, ""))
        if step.value not in (None, {}):
            how.append(("  " if step.detail else "= ") + _short(step.value), style="dim")
        table.add_row(clock(step.at), _VERBS.get(step.what, step.what.value), Text(step.name), how)
    return table


def _worth_showing(steps: Sequence[Step]) -> Iterator[Step]:
    """The first items of an iteration and those that failed; of the others only how many there were."""
    left_out: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for step in steps:
        task, bracket, rest = step.name.partition("[")
        if not bracket or int(rest.partition("]")[0]) < _ITEMS:
            yield step if not left_out[step.name] else _with_rest(step, left_out.pop(step.name))
            continue
        bad = step.what is What.ENDED and step.detail not in ("succeeded", "skipped")
        failed[task] += bad
        if bad and failed[task] <= _FAILED_ITEMS:
            yield step
        else:
            left_out[task] += step.what is What.ENDED


def _with_rest(step: Step, count: int) -> Step:
    return Step(step.at, step.what, step.name, f"{step.detail} ({count:,} more items are not shown)", step.value)


def _way(path: Sequence[str]) -> str:
    """Of a long one its two ends."""
    left_out = len(path) - _PATH
    shown = path if left_out <= 0 else [*path[: _PATH // 2], f"({left_out:,} more)", *path[-_PATH // 2 :]]
    return " → ".join(shown)


def _expected(result: Result) -> str:
    if not result.case.script.expect:
        return ""
    return "yes" if not result.problems else "no"


def _short(value: Any) -> str:
    if isinstance(value, dict) and {"type", "message"} <= value.keys():
        return f"{value['type']}: {value['message']}"[:_VALUE]
    text = text_of(value)
    return text if len(text) <= _VALUE else text[: _VALUE - 1] + "…"


def _end(result: Result) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    from attune_cli.output import as_yaml

    report = result.report
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="bold")
    table.add_column()
    shown = {
        "path": _way(report.path),
        "variables": dict(report.variables),
        "output": report.output,
        "error": report.error,
        "given up": report.stopped,
        "as expected": _expected(result),
    }
    for label, value in shown.items():
        if value not in (None, "", {}, []):
            table.add_row(label, Text(as_yaml(value).rstrip() if isinstance(value, dict | list) else text_of(value)))
    return table
