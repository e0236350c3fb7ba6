"""Texts with the expected place of a problem written into them: `§` stands right before it."""

from __future__ import annotations

from textwrap import dedent

from attune_core.definition.check import Known, check_workflow
from attune_core.errors import Problem, Severity

MARK = "§"


def unmarked(text: str) -> tuple[str, int, int]:
    """The text without its mark, and the line and column of the mark, counted from 1."""
    plain = dedent(text).lstrip("\n")
    before, mark, after = plain.partition(MARK)
    assert mark, "the text has no mark"
    assert MARK not in after, "the text has two marks"
    return before + after, before.count("\n") + 1, len(before) - before.rfind("\n")


def workflow(tasks: str, head: str = "") -> str:
    """A workflow around a list of tasks."""
    return f"ref: test.workflow\n{dedent(head).strip()}\ntasks:\n{dedent(tasks).strip()}\n"


KNOWN = Known(
    {
        "core.echo": {
            "type": "object",
            "properties": {"message": {"type": "string"}, "times": {"type": "integer", "maximum": 9}},
            "required": ["message"],
            "additionalProperties": False,
        },
        "core.noop": None,
    },
    frozenset({"core"}),
)


def check(text: str) -> list[Problem]:
    return check_workflow(text, "w.yaml", KNOWN)


def found(problems: list[Problem], severity: Severity, code: str) -> list[tuple[int, int, str]]:
    """Line, column and hint of the problems with the code."""
    return [(p.line, p.column, p.hint) for p in problems if p.severity is severity and p.code == code]
