"""What a test case says must have happened, held against what did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from attune_core.definition.document import Path
from attune_core.definition.problems import json_path
from attune_core.rehearsal.keys import EXPECT
from attune_core.rehearsal.report import Report

_SHOWN: Final = 200
_NOT_THERE: Final = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """`path` leads to the expectation inside `expect`."""

    path: Path
    wanted: str
    actual: str

    def __str__(self) -> str:
        return f"{json_path(self.path)} should be {self.wanted}, it is {self.actual}"


def compare(report: Report, expect: Mapping[str, Any]) -> list[Difference]:
    """Every expectation that is not met; maps are compared by the keys that are named."""
    actual: dict[str, Any] = {
        "status": report.status.value,
        "output": report.output,
        "error": report.error,
        "path": list(report.path),
        "vars": report.variables,
        "tasks": report.tasks,
        "attempts": report.attempts,
        "input": report.inputs,
        "duration": report.duration,
    }
    found: list[Difference] = []
    for key, wanted in expect.items():
        if key in EXPECT:
            _compare((key,), wanted, actual[key], found)
        else:
            found.append(Difference((key,), f"one of {', '.join(EXPECT)}", "not known"))
    return found


def differences(report: Report, expect: Mapping[str, Any]) -> list[str]:
    """The same as sentences."""
    return [str(difference) for difference in compare(report, expect)]


def _compare(path: Path, wanted: Any, actual: Any, found: list[Difference]) -> None:
    if isinstance(wanted, Mapping) and isinstance(actual, Mapping):
        for key, value in wanted.items():
            _compare((*path, key), value, actual.get(key, _NOT_THERE), found)
    elif not _same(wanted, actual):
        found.append(Difference(path, _shown(wanted), _shown(actual)))


def _same(wanted: Any, actual: Any) -> bool:
    """Equality of JSON: true is not 1."""
    if isinstance(wanted, bool) or isinstance(actual, bool):
        return wanted is actual
    if isinstance(wanted, list) and isinstance(actual, list | tuple):
        return len(wanted) == len(actual) and all(map(_same, wanted, actual))
    return bool(wanted == actual)


def _shown(value: Any) -> str:
    if value is _NOT_THERE:
        return "not there"
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
