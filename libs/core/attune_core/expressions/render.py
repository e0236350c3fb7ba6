"""Compile a value or a condition once; render it over a scope any number of times."""

from __future__ import annotations

from typing import Any, Protocol

from attune_core.errors import AttuneError
from attune_core.expressions.references import References
from attune_core.expressions.scope import Scope


class ExpressionError(AttuneError):
    """A template could not be compiled or rendered. `expression` is its source as written."""

    code = "expression_error"

    def __init__(self, message: str, *, expression: str = "", code: str | None = None, hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint)
        self.expression = expression


class Value(Protocol):
    """Any JSON with templates at any depth."""

    @property
    def reads(self) -> References: ...
    @property
    def source(self) -> Any:
        """The JSON as written."""
    def render(self, scope: Scope) -> Any:
        """Errors: ExpressionError; FactsMissing passes through."""


class Condition(Protocol):
    @property
    def reads(self) -> References: ...
    @property
    def source(self) -> str: ...
    def test(self, scope: Scope) -> bool:
        """Errors: ExpressionError; FactsMissing passes through."""
