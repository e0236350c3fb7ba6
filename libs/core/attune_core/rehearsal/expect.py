"""What a test case says must have happened, held against what did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_core.rehearsal.run import Report

KEYS = ("status", "output", "error", "path", "vars", "tasks", "attempts", "duration")


def differences(report: Report, expect: Mapping[str, Any]) -> list[str]:
    """One sentence per expectation that is not met; maps are compared by the keys that are named."""
    actual: dict[str, Any] = {
        "status": report.status.value,
        "output": report.output,
        "error": report.error,
        "path": list(report.path),
        "vars": report.variables,
        "tasks": report.tasks,
        "attempts": report.attempts,
        "duration": report.duration,
    }
    found: list[str] = []
    for key, wanted in expect.items():
        if key in actual:
            _compare(key, wanted, actual[key], found)
        else:
            found.append(f"expect.{key} is not known; known: {', '.join(KEYS)}")
    return found


def _compare(place: str, wanted: Any, actual: Any, found: list[str]) -> None:
    if isinstance(wanted, dict) and isinstance(actual, dict):
        for key, value in wanted.items():
            if key in actual:
                _compare(f"{place}.{key}", value, actual[key], found)
            else:
                found.append(f"{place}.{key} should be {value!r}, it is not there")
    elif wanted != actual:
        found.append(f"{place} should be {wanted!r}, it is {actual!r}")
