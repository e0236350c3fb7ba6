"""A template of a task that could not be rendered is a failure of that task, with a type that says which part."""

from __future__ import annotations

from typing import Any

from attune_core.definition.limits import MAX_SECONDS
from attune_core.expressions.markers import holds_secret
from attune_core.expressions.render import Condition, ExpressionError, Value
from attune_core.expressions.scope import Scope
from attune_core.workflow.draft import ErrorMap
from attune_core.workflow.phrases import short


class TaskProblem(Exception):
    """`error` becomes the task's error."""

    def __init__(self, kind: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.error: ErrorMap = {"type": kind, "message": message, **details}


def _problem(kind: str, place: str, problem: ExpressionError) -> TaskProblem:
    code = "forbidden_secret" if problem.code == "forbidden_secret" else kind
    details = {"expression": problem.expression} if problem.expression else {}
    return TaskProblem(code, f"{place}: {problem.message}", **details)


def render(value: Value, scope: Scope, kind: str, place: str) -> Any:
    """Errors: TaskProblem of type `kind`; FactsMissing passes through."""
    try:
        return value.render(scope)
    except ExpressionError as problem:
        raise _problem(kind, place, problem) from problem


def render_kept(value: Value, scope: Scope, kind: str, place: str) -> Any:
    """The same for what is kept or shown: a secret must not be in it. Errors: TaskProblem of type forbidden_secret."""
    rendered = render(value, scope, kind, place)
    if scope.sealed and holds_secret(rendered):
        told = f"{place} would hold a secret: secrets are for the input of tasks alone"
        raise TaskProblem("forbidden_secret", told, hint="use kv.get_secret() in the input that needs it")
    return rendered


def test(condition: Condition, scope: Scope, place: str) -> bool:
    """Errors: TaskProblem of type condition_error; FactsMissing passes through."""
    try:
        return condition.test(scope)
    except ExpressionError as problem:
        raise _problem("condition_error", place, problem) from problem


def seconds(value: Value, scope: Scope, place: str, *, positive: bool) -> float:
    """A duration in seconds. Errors: TaskProblem of type input_error when it is no number in range."""
    raw = render(value, scope, "input_error", place)
    is_number = isinstance(raw, int | float) and not isinstance(raw, bool)
    if not is_number or not 0 <= raw <= MAX_SECONDS or (positive and raw == 0):
        least = "above 0" if positive else "of 0 or more"
        told = f"{place} must be a number {least} (seconds, at most {MAX_SECONDS:,}), it is {short(repr(raw))}"
        raise TaskProblem("input_error", told)
    return float(raw)
