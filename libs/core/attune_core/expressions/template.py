"""One compiled string; a bounded number of them is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from jinja2 import nodes

from attune_core.expressions import applications, arithmetic, calls, loops, paths
from attune_core.expressions.blocks import compile_body
from attune_core.expressions.compiler import Compiler
from attune_core.expressions.failures import ExpressionError, MissingName
from attune_core.expressions.frame import UNSET, Frame, Run
from attune_core.expressions.limits import KEPT_LONG, KEPT_SHORT, SHORT_CHARS
from attune_core.expressions.operators import joined
from attune_core.expressions.references import References
from attune_core.expressions.secrets import Secret
from attune_core.expressions.syntax import parse_expression, parse_template
from attune_core.expressions.values import result

# Importing these fills the compiler's table.
_REGISTERED = (applications, arithmetic, calls, loops, paths)

UNFORESEEN = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Template:
    """`built`: the value may be larger than the data. `places`: how many local names it has."""

    source: str
    reads: References
    run: Run
    built: bool
    places: int
    line: int

    def evaluate(self, frame: Frame) -> Any:
        """Errors: ExpressionError that names this template; FactsMissing passes through."""
        frame.slots = [UNSET] * self.places
        frame.line = self.line
        try:
            return result(frame, self.run(frame), self.built)
        except MissingName as missing:
            raise missing.as_error(self.source, frame.line) from None
        except ExpressionError as error:
            raise error.within(self.source, frame.line) from None
        except UNFORESEEN as error:
            raise _unforeseen(error).within(self.source, frame.line) from None


def _unforeseen(error: Exception) -> ExpressionError:
    if isinstance(error, RecursionError):
        return ExpressionError("The expression is nested too deep", code="too_deep")
    return ExpressionError(f"The expression cannot be computed: {str(error)[:200]}", code="wrong_value")


def compile_template(source: str, extra_names: frozenset[str]) -> Template:
    """A string with templates: exactly one `{{ }}` gives its typed value, anything else text."""
    return _compiled(_template, source, extra_names)


def compile_expression(source: str, extra_names: frozenset[str]) -> Template:
    """A bare expression, without braces."""
    return _compiled(_expression, source, extra_names)


def compile_test(source: str, extra_names: frozenset[str]) -> Template:
    """A condition: one `{{ }}` or a bare expression. Errors: ExpressionError for text around it."""
    return _compiled(_test, source, extra_names)


Notation: TypeAlias = Callable[[str, frozenset[str]], "Template"]


def _compiled(notation: Notation, source: str, extra_names: frozenset[str]) -> Template:
    """Threads may share what is kept. Few long sources are kept, so that the memory has a bound."""
    kept = _kept_short if len(source) <= SHORT_CHARS else _kept_long
    return kept(notation, source, extra_names)


@lru_cache(maxsize=KEPT_SHORT)
def _kept_short(notation: Notation, source: str, extra_names: frozenset[str]) -> Template:
    return notation(source, extra_names)


@lru_cache(maxsize=KEPT_LONG)
def _kept_long(notation: Notation, source: str, extra_names: frozenset[str]) -> Template:
    return notation(source, extra_names)


def _template(source: str, extra_names: frozenset[str]) -> Template:
    body = parse_template(source)
    single = _single(body)
    if single is not None:
        return _typed(source, extra_names, single)
    return _built(source, extra_names, body[0].lineno if body else 1, lambda compiler: _text(compiler, body))


def _expression(source: str, extra_names: frozenset[str]) -> Template:
    return _typed(source, extra_names, parse_expression(source))


def _test(source: str, extra_names: frozenset[str]) -> Template:
    if "{{" not in source and "{%" not in source:
        return _expression(source, extra_names)
    single = _single(parse_template(source.strip()))
    if single is None:
        raise ExpressionError(
            "A condition is one expression, with nothing around the braces",
            code="not_a_condition",
            hint="write {{ a and b }} instead of {{ a }} and {{ b }}",
            line=1,
        ).within(source)
    return _typed(source, extra_names, single)


def _single(body: list[nodes.Node]) -> nodes.Expr | None:
    """The expression when the template is nothing else; a line end after it is not counted as text."""
    if len(body) != 1 or not isinstance(body[0], nodes.Output):
        return None
    parts = body[0].nodes
    if len(parts) == 2 and isinstance(parts[1], nodes.TemplateData) and parts[1].data == "\n":
        parts = parts[:1]
    return parts[0] if len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData) else None


def _typed(source: str, extra_names: frozenset[str], node: nodes.Expr) -> Template:
    return _built(source, extra_names, node.lineno, lambda compiler: compiler.compile(node))


def _text(compiler: Compiler, body: list[nodes.Node]) -> Run:
    block = compile_body(compiler, body)

    def run(frame: Frame) -> str | Secret:
        pieces: list[str | Secret] = []
        block(frame, pieces)
        return joined(frame, pieces)

    return run


def _built(source: str, extra_names: frozenset[str], line: int, compile_run: Callable[[Compiler], Run]) -> Template:
    compiler = Compiler(extra_names)
    try:
        run = compile_run(compiler)
    except ExpressionError as error:
        raise error.within(source, line) from None
    return Template(source, compiler.reads.frozen(), run, compiler.built, compiler.places, line)
