"""Findings as SARIF 2.1.0, which code hosts show at the lines of a change."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from attune_core.errors import Problem, Severity

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def sarif_log(problems: Sequence[Problem]) -> dict[str, Any]:
    """One run of one tool. Files are URIs relative to the place where the check ran, unless they are absolute."""
    codes = sorted({problem.code for problem in problems})
    driver = {
        "name": "attune",
        "semanticVersion": version("attune-flow"),
        "rules": [{"id": code, "name": _pascal(code)} for code in codes],
    }
    results = [_result(problem, codes.index(problem.code)) for problem in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _pascal(code: str) -> str:
    return "".join(word.capitalize() for word in code.split("_"))


def _result(problem: Problem, rule: int) -> dict[str, Any]:
    hint = f" ({problem.hint})" if problem.hint else ""
    return {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": _LEVELS[problem.severity],
        "message": {"text": problem.message + hint},
        "locations": [{"physicalLocation": _place(problem)}],
    }


def _place(problem: Problem) -> dict[str, Any]:
    file = problem.file.replace("\\", "/")
    uri = f"file://{quote(file)}" if file.startswith("/") else quote(file)
    place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if problem.line:
        region = {"startLine": problem.line}
        if problem.column:
            region["startColumn"] = problem.column
        place["region"] = region
    return place
