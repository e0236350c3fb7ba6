"""Literals and operators."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from math import isfinite
from typing import Any

from jinja2 import nodes

from attune_core.expressions import operators
from attune_core.expressions.compiler import Compiler, expression, refusal
from attune_core.expressions.failures import fail, kind
from attune_core.expressions.frame import Frame, Run
from attune_core.expressions.limits import NUMBER_LIMIT
from attune_core.expressions.values import truth

BINARY: dict[type[nodes.BinExpr], Callable[[Frame, Any, Any], Any]] = {
    nodes.Add: operators.add,
    nodes.Sub: operators.subtract,
    nodes.Mul: operators.multiply,
    nodes.Div: operators.divide,
    nodes.FloorDiv: operators.floor_divide,
    nodes.Mod: operators.modulo,
    nodes.Pow: operators.power,
}
COMPARISONS: dict[str, Callable[[Frame, Any, Any], bool]] = {
    "eq": operators.equal,
    "ne": operators.not_equal,
    "lt": operators.ordered("<", operator.lt),
    "lteq": operators.ordered("<=", operator.le),
    "gt": operators.ordered(">", operator.gt),
    "gteq": operators.ordered(">=", operator.ge),
    "in": operators.contains,
    "notin": operators.excludes,
}


@expression(nodes.Const)
def constant(compiler: Compiler, node: nodes.Const) -> Run:
    value = node.value
    _check_constant(node, value)
    return lambda frame: value


def _check_constant(node: nodes.Node, value: Any) -> None:
    if isinstance(value, float) and not isfinite(value):
        raise refusal(node, "number_too_big", "A number is not finite")
    if isinstance(value, int) and not -NUMBER_LIMIT < value < NUMBER_LIMIT:
        raise refusal(node, "number_too_big", "A number has more than 1024 bits")
    if isinstance(value, str) and not is_clean(value):
        raise refusal(node, "wrong_value", "Text holds a character that JSON cannot carry")


def is_clean(text: str) -> bool:
    """No NUL and no lone surrogate."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text))


@expression(nodes.List, nodes.Tuple)
def sequence(compiler: Compiler, node: nodes.List | nodes.Tuple) -> Run:
    compiler.built = True
    items = [compiler.compile(item) for item in node.items]
    return lambda frame: [item(frame) for item in items]


@expression(nodes.Dict)
def mapping(compiler: Compiler, node: nodes.Dict) -> Run:
    compiler.built = True
    for pair in node.items:
        if isinstance(pair.key, nodes.Const) and not isinstance(pair.key.value, str):
            raise refusal(pair, "wrong_type", f"A key of a map is text, not {kind(pair.key.value)}")
    pairs = [(compiler.compile(pair.key), compiler.compile(pair.value)) for pair in node.items]

    def run(frame: Frame) -> dict[str, Any]:
        return {_key(key(frame)): value(frame) for key, value in pairs}

    return run


def _key(value: Any) -> str:
    if not isinstance(value, str):
        fail("wrong_type", f"A key of a map is text, not {kind(value)}")
    return value


@expression(*BINARY)
def binary(compiler: Compiler, node: nodes.BinExpr) -> Run:
    compiler.built = compiler.built or isinstance(node, nodes.Add)
    left, right = compiler.compile(node.left), compiler.compile(node.right)
    apply = BINARY[type(node)]
    return lambda frame: apply(frame, left(frame), right(frame))


@expression(nodes.And)
def both(compiler: Compiler, node: nodes.And) -> Run:
    left, right = compiler.compile(node.left), compiler.compile(node.right)

    def run(frame: Frame) -> Any:
        value = left(frame)
        return right(frame) if truth(value) else value

    return run


@expression(nodes.Or)
def either(compiler: Compiler, node: nodes.Or) -> Run:
    left, right = compiler.compile(node.left), compiler.compile(node.right)

    def run(frame: Frame) -> Any:
        value = left(frame)
        return value if truth(value) else right(frame)

    return run


@expression(nodes.Not)
def negation(compiler: Compiler, node: nodes.Not) -> Run:
    operand = compiler.compile(node.node)
    return lambda frame: not truth(operand(frame))


@expression(nodes.Neg, nodes.Pos)
def signed(compiler: Compiler, node: nodes.Neg | nodes.Pos) -> Run:
    operand = compiler.compile(node.node)
    apply = operators.negative if isinstance(node, nodes.Neg) else operators.positive
    return lambda frame: apply(frame, operand(frame))


@expression(nodes.Concat)
def concatenation(compiler: Compiler, node: nodes.Concat) -> Run:
    operands = [compiler.compile(operand) for operand in node.nodes]
    return lambda frame: operators.concat(frame, [operand(frame) for operand in operands])


@expression(nodes.Compare)
def comparison(compiler: Compiler, node: nodes.Compare) -> Run:
    first = compiler.compile(node.expr)
    rest = [(COMPARISONS[operand.op], compiler.compile(operand.expr)) for operand in node.ops]
    if len(rest) == 1:
        return partial(_compare_once, first, *rest[0])

    def run(frame: Frame) -> bool:
        left = first(frame)
        for compare, operand in rest:
            right = operand(frame)
            if not compare(frame, left, right):
                return False
            left = right
        return True

    return run


def _compare_once(left: Run, compare: Callable[[Frame, Any, Any], bool], right: Run, frame: Frame) -> bool:
    return compare(frame, left(frame), right(frame))


@expression(nodes.CondExpr)
def conditional(compiler: Compiler, node: nodes.CondExpr) -> Run:
    test, then = compiler.compile(node.test), compiler.compile(node.expr1)
    otherwise = compiler.compile(node.expr2) if node.expr2 is not None else _nothing
    return lambda frame: then(frame) if truth(test(frame)) else otherwise(frame)


def _nothing(frame: Frame) -> None:
    return None
