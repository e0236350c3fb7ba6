"""From findings by path to problems with file, line and column, sorted by place."""

from __future__ import annotations

import re
from collections.abc import Iterable

from attune_core.definition.document import Path, Places
from attune_core.definition.findings import Finding
from attune_core.errors import Problem, Severity
from attune_core.model.names import NAME

_QUOTE = re.compile(r'(["\\])')


def json_path(path: Path) -> str:
    """`("tasks", 2, "retry")` is `tasks[2].retry`; keys that are no names are quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif NAME.match(step):
            text += f".{step}" if text else step
        else:
            text += '["' + _QUOTE.sub(r"\\\1", step) + '"]'
    return text


def to_problem(finding: Finding, places: Places) -> Problem:
    place = places.place(finding.path, on_key=finding.on_key)
    return Problem(
        place.file,
        place.line,
        place.column,
        finding.code,
        finding.message,
        finding.hint,
        json_path(finding.path),
        finding.severity,
    )


def to_problems(findings: Iterable[Finding], places: Places) -> list[Problem]:
    return in_order(to_problem(finding, places) for finding in findings)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sorted by place, each once."""
    return sorted(set(problems))


def errors_of(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def warnings_of(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(problem for problem in problems if problem.severity is Severity.WARNING)
