"""JSON with templates at any depth, compiled once into a tree that builds a new value per rendering."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from attune_core.expressions.compiler import Reads
from attune_core.expressions.failures import ExpressionError
from attune_core.expressions.frame import Frame, measure
from attune_core.expressions.limits import VALUE_DEPTH
from attune_core.expressions.references import References
from attune_core.expressions.template import Template, compile_template

Build: TypeAlias = Callable[[Frame], Any]
LARGE_TEXT = 1_024


def has_template(text: str) -> bool:
    return "{{" in text or "{%" in text


def copied(value: Any) -> Any:
    """New containers: who receives a rendered value may change it without changing the definition."""
    if isinstance(value, dict):
        return {key: copied(below) for key, below in value.items()}
    if isinstance(value, list):
        return [copied(below) for below in value]
    return value


class Planter:
    """Compiles one JSON value. With `problems` all errors are collected, else the first is raised."""

    def __init__(self, extra_names: frozenset[str], problems: list[ExpressionError] | None = None) -> None:
        self.extra_names = extra_names
        self.problems = problems
        self.found = Reads()

    @property
    def reads(self) -> References:
        return self.found.frozen()

    def plant(self, raw: Any, path: str = "", depth: int = 0) -> Build | None:
        """None when there is no template below."""
        if depth > VALUE_DEPTH:
            raise ExpressionError(f"A value is nested deeper than {VALUE_DEPTH} levels", code="too_deep")
        match raw:
            case str():
                return self._leaf(raw, path) if has_template(raw) else None
            case dict():
                return self._map(raw, path, depth)
            case list():
                return self._list(raw, path, depth)
            case _:
                return None

    def _leaf(self, raw: str, path: str) -> Build | None:
        try:
            template = compile_template(raw, self.extra_names)
        except ExpressionError as error:
            error.path = path
            if self.problems is None:
                raise
            self.problems.append(error)
            return None
        self.found.add(template.reads)
        return leaf(template, path)

    def _map(self, raw: dict[str, Any], path: str, depth: int) -> Build | None:
        below = {key: self.plant(value, f"{path}.{key}" if path else key, depth + 1) for key, value in raw.items()}
        if not any(below.values()):
            return None
        builds = [(key, below[key] or _constant(value)) for key, value in raw.items()]
        return lambda frame: {key: build(frame) for key, build in builds}

    def _list(self, raw: list[Any], path: str, depth: int) -> Build | None:
        below = [self.plant(value, f"{path}[{place}]", depth + 1) for place, value in enumerate(raw)]
        if not any(below):
            return None
        builds = [build or _constant(value) for build, value in zip(below, raw, strict=True)]
        return lambda frame: [build(frame) for build in builds]


def _constant(value: Any) -> Build:
    return lambda frame: copied(value)


def leaf(template: Template, path: str) -> Build:
    def build(frame: Frame) -> Any:
        try:
            value = template.evaluate(frame)
        except ExpressionError as error:
            error.path = path
            raise
        if isinstance(value, dict | list) or (isinstance(value, str) and len(value) > LARGE_TEXT):
            _count_repeated(frame, value)
        return value

    return build


def _count_repeated(frame: Frame, value: Any) -> None:
    """The first use of a large value costs nothing: its size is the data's. Each further one is charged."""
    if id(value) in frame.given:
        measure(frame, value)
    else:
        frame.given[id(value)] = value
