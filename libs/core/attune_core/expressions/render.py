"""Compile a value or a condition once; render it over a scope any number of times."""

from __future__ import annotations

from typing import Any, Protocol

from attune_core.expressions.failures import ExpressionError
from attune_core.expressions.frame import evaluate
from attune_core.expressions.references import NOTHING, References
from attune_core.expressions.scope import Scope
from attune_core.expressions.template import Template, compile_template, compile_test
from attune_core.expressions.trees import Build, Planter, copied, has_template
from attune_core.expressions.values import truth

__all__ = [
    "Condition",
    "ExpressionError",
    "Value",
    "check_value",
    "compile_condition",
    "compile_value",
    "literal",
]


class Value(Protocol):
    """Any JSON with templates at any depth."""

    @property
    def reads(self) -> References: ...
    @property
    def source(self) -> Any:
        """The JSON as written."""

    def render(self, scope: Scope) -> Any:
        """Errors: ExpressionError; FactsMissing passes through.

        What a template takes from the scope is given as it stands there, not copied. A value that touched a
        secret is a `Secret`, and stands wherever its template stood.
        """


class Condition(Protocol):
    @property
    def reads(self) -> References: ...
    @property
    def source(self) -> str: ...
    def test(self, scope: Scope) -> bool:
        """Errors: ExpressionError; FactsMissing passes through."""


class _Literal:
    __slots__ = ("source",)
    reads = NOTHING

    def __init__(self, source: Any) -> None:
        self.source = source

    def render(self, scope: Scope) -> Any:
        return copied(self.source)


class _Single:
    """One string that is a template."""

    __slots__ = ("_template", "reads", "source")

    def __init__(self, source: str, template: Template) -> None:
        self.source = source
        self.reads = template.reads
        self._template = template

    def render(self, scope: Scope) -> Any:
        return evaluate(self._template.evaluate, scope)


class _Tree:
    """A map or list with templates below. All of them share the fuel of one rendering."""

    __slots__ = ("_build", "reads", "source")

    def __init__(self, source: Any, reads: References, build: Build) -> None:
        self.source = source
        self.reads = reads
        self._build = build

    def render(self, scope: Scope) -> Any:
        return evaluate(self._build, scope)


class _Test:
    __slots__ = ("_template", "reads", "source")

    def __init__(self, source: str, template: Template) -> None:
        self.source = source
        self.reads = template.reads
        self._template = template

    def test(self, scope: Scope) -> bool:
        value = evaluate(self._template.evaluate, scope)
        try:
            return truth(value)
        except ExpressionError as error:
            raise error.within(self.source) from None


class _Always:
    __slots__ = ("_answer", "source")
    reads = NOTHING

    def __init__(self, answer: bool) -> None:
        self.source = "true" if answer else "false"
        self._answer = answer

    def test(self, scope: Scope) -> bool:
        return self._answer


def compile_value(raw: Any, extra_names: frozenset[str] = frozenset()) -> Value:
    """Any JSON. A string that is exactly one `{{ expression }}` renders to its typed value.

    `extra_names`: further names of the scope (`Scope.extra`), such as `event` in rules.
    Errors: ExpressionError for the first template that is wrong, with `path` and `line`.
    """
    if isinstance(raw, str):
        return _Single(raw, compile_template(raw, extra_names)) if has_template(raw) else _Literal(raw)
    planter = Planter(extra_names)
    build = planter.plant(raw)
    return _Literal(raw) if build is None else _Tree(raw, planter.reads, build)


def check_value(raw: Any, extra_names: frozenset[str] = frozenset()) -> list[ExpressionError]:
    """Every wrong template of a JSON value, in order; each names its `path` and `line`."""
    problems: list[ExpressionError] = []
    try:
        Planter(extra_names, problems).plant(raw)
    except ExpressionError as error:
        problems.append(error)
    return problems


def compile_condition(raw: str | bool, extra_names: frozenset[str] = frozenset()) -> Condition:
    """`{{ expression }}` or a bare expression; true as Python sees it. Errors: ExpressionError."""
    if isinstance(raw, bool):
        return _Always(raw)
    return _Test(raw, compile_test(raw, extra_names))


def literal(value: Any) -> Value:
    """A value without templates, even when its text looks like one."""
    return _Literal(value)
