"""How filters and tests are applied: found by name and checked against their signature at compile time."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from jinja2 import nodes

from attune_core.expressions.checks import DEFINED, TESTS
from attune_core.expressions.compiler import Compiler, expression, refusal
from attune_core.expressions.failures import MissingName, meant
from attune_core.expressions.filters import FILTERS
from attune_core.expressions.filters.registry import SECRET_FILTERS
from attune_core.expressions.frame import Frame, Run
from attune_core.expressions.secrets import Secret
from attune_core.expressions.selections import SELECTIONS
from attune_core.expressions.values import refuse_secret, truth

Arguments = tuple[list[Run], dict[str, Run]]


@expression(nodes.Filter)
def filtered(compiler: Compiler, node: nodes.Filter) -> Run:
    if node.node is None or node.dyn_args is not None or node.dyn_kwargs is not None:
        raise refusal(node, "forbidden_expression", "Arguments cannot be unpacked with * or **")
    compiler.built = True
    operand = compiler.compile(node.node)
    if node.name in ("default", "d"):
        return _default(compiler, node, operand)
    if node.name in SELECTIONS:
        return SELECTIONS[node.name](compiler, node, operand)
    apply = find(FILTERS, "filter", node, node.name)
    positional, named = _arguments(compiler, node)
    check_arguments(apply, f"The filter {node.name!r}", node, len(positional), named)
    if node.name not in SECRET_FILTERS:
        apply = _without_secrets(apply)
    return _application(apply, operand, positional, named)


@expression(nodes.Test)
def tested(compiler: Compiler, node: nodes.Test) -> Run:
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        raise refusal(node, "forbidden_expression", "Arguments cannot be unpacked with * or **")
    operand = compiler.compile(node.node)
    if node.name in DEFINED:
        return _existence(operand, node.name == "defined")
    apply = find(TESTS, "test", node, node.name)
    positional, named = _arguments(compiler, node)
    check_arguments(apply, f"The test {node.name!r}", node, len(positional), named)
    return _application(_without_secrets(apply), operand, positional, named)


def _arguments(compiler: Compiler, node: nodes.Filter | nodes.Test) -> Arguments:
    positional = [compiler.compile(argument) for argument in node.args]
    return positional, {str(keyword.key): compiler.compile(keyword.value) for keyword in node.kwargs}


def _application(apply: Callable[..., Any], operand: Run, positional: list[Run], named: dict[str, Run]) -> Run:
    if named:
        return lambda frame: apply(
            frame,
            operand(frame),
            *[argument(frame) for argument in positional],
            **{name: argument(frame) for name, argument in named.items()},
        )
    if not positional:
        return lambda frame: apply(frame, operand(frame))
    if len(positional) == 1:
        only = positional[0]
        return lambda frame: apply(frame, operand(frame), only(frame))
    return lambda frame: apply(frame, operand(frame), *[argument(frame) for argument in positional])


def _without_secrets(apply: Callable[..., Any]) -> Callable[..., Any]:
    def run(frame: Frame, value: Any, *arguments: Any, **named: Any) -> Any:
        if type(value) is Secret:
            refuse_secret()
        return apply(frame, value, *arguments, **named)

    return run


def _default(compiler: Compiler, node: nodes.Filter, operand: Run) -> Run:
    """`default(value, boolean=false)`: for what is missing, and with `boolean` for what is false."""
    given = dict(zip(("default_value", "boolean"), node.args, strict=False))
    given |= {str(keyword.key): keyword.value for keyword in node.kwargs}
    if len(node.args) > 2 or not set(given) <= {"default_value", "boolean"}:
        raise refusal(node, "wrong_arguments", "The filter 'default' takes a value and `boolean`")
    runs = {name: compiler.compile(argument) for name, argument in given.items()}
    fallback = runs.get("default_value", _empty)
    boolean = runs.get("boolean")

    def run(frame: Frame) -> Any:
        try:
            value = operand(frame)
        except MissingName:
            return fallback(frame)
        if boolean is not None and truth(boolean(frame)) and not isinstance(value, Secret) and not value:
            return fallback(frame)
        return value

    return run


def _empty(frame: Frame) -> str:
    return ""


def _existence(operand: Run, wanted: bool) -> Run:
    def run(frame: Frame) -> bool:
        try:
            operand(frame)
        except MissingName:
            return not wanted
        return wanted

    return run


def find(table: Any, word: str, node: nodes.Node, name: str) -> Callable[..., Any]:
    """A filter or test by name. Errors: ExpressionError with the meant known name."""
    if name not in table:
        known: Iterable[str] = [*table, *SELECTIONS, "default"] if word == "filter" else [*table, *DEFINED]
        raise refusal(node, f"unknown_{word}", f"There is no {word} {name!r}", meant(name, sorted(known)))
    found: Callable[..., Any] = table[name]
    return found


def check_arguments(
    apply: Callable[..., Any], shown: str, node: nodes.Node, positional: int, named: Iterable[str]
) -> None:
    try:
        _signature(apply).bind(None, None, *[None] * positional, **dict.fromkeys(named))
    except TypeError as error:
        raise refusal(node, "wrong_arguments", f"{shown}: {error}") from None


@lru_cache(maxsize=256)
def _signature(apply: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(apply)
