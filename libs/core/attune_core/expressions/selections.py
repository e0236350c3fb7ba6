"""The filters that apply another filter or test to each element: map, select, reject and their kin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from jinja2 import nodes

from attune_core.expressions.checks import DEFINED, TESTS
from attune_core.expressions.compiler import Compiler, refusal
from attune_core.expressions.failures import meant
from attune_core.expressions.filters import FILTERS
from attune_core.expressions.filters.keys import by, column
from attune_core.expressions.filters.registry import elements
from attune_core.expressions.frame import Frame, Run
from attune_core.expressions.scope import MISSING
from attune_core.expressions.secrets import Secret
from attune_core.expressions.values import refuse_secret, truth
from attune_core.expressions.weights import filter_units

UNITS_PER_TEST = 3


def mapped(compiler: Compiler, node: nodes.Filter, operand: Run) -> Run:
    """`map(attribute='a.b', default=x)` or `map('filter', arguments...)`."""
    named = {str(keyword.key): compiler.compile(keyword.value) for keyword in node.kwargs}
    if node.args:
        name = _literal(node, 0, "map")
        _known(FILTERS, "filter", node, name)
        return _each(name, operand, [compiler.compile(argument) for argument in node.args[1:]], named)
    if "attribute" not in named or not set(named) <= {"attribute", "default"}:
        raise refusal(
            node,
            "wrong_arguments",
            "`map` takes an attribute or the name of a filter",
            "map(attribute='name')",
        )
    return _attributes(operand, named["attribute"], named.get("default"))


def _attributes(operand: Run, attribute: Run, default: Run | None) -> Run:
    def run(frame: Frame) -> list[Any]:
        items = elements(frame, operand(frame), "map")
        return by(frame, items, attribute(frame), MISSING if default is None else default(frame))

    return run


def _each(name: str, operand: Run, positional: list[Run], named: dict[str, Run]) -> Run:
    # Cheaper than in a loop: the arguments are there and no other part is visited.
    apply, units = FILTERS[name], filter_units(name) // 2

    def run(frame: Frame) -> list[Any]:
        items = elements(frame, operand(frame), "map")
        arguments = [argument(frame) for argument in positional]
        keywords = {name: argument(frame) for name, argument in named.items()}
        made = []
        for item in items:
            frame.charge(units)
            made.append(apply(frame, _readable(item), *arguments, **keywords))
        return made

    return run


def _selection(keep: bool, by_attribute: bool) -> Callable[[Compiler, nodes.Filter, Run], Run]:
    def compile_selection(compiler: Compiler, node: nodes.Filter, operand: Run) -> Run:
        if node.kwargs or (by_attribute and not node.args):
            raise refusal(node, "wrong_arguments", f"`{node.name}` takes the name of a test and its arguments")
        attribute = compiler.compile(node.args[0]) if by_attribute else None
        check = _check(compiler, node, 1 if by_attribute else 0)

        def run(frame: Frame) -> list[Any]:
            items = elements(frame, operand(frame), node.name)
            looked_at = column(frame, items, attribute(frame) if attribute is not None else None)
            frame.charge(UNITS_PER_TEST * len(items))
            test = check(frame)
            return [item for item, value in zip(items, looked_at, strict=True) if test(value) is keep]

        return run

    return compile_selection


def _check(compiler: Compiler, node: nodes.Filter, at: int) -> Callable[[Frame], Callable[[Any], bool]]:
    """The test of a selection, its arguments computed once. A missing attribute counts as null."""
    if len(node.args) <= at:
        return lambda frame: _is_true
    name = _literal(node, at, node.name)
    if name in DEFINED:
        return lambda frame: lambda value: (value is not MISSING) is (name == "defined")
    apply = _known(TESTS, "test", node, name)
    arguments = [compiler.compile(argument) for argument in node.args[at + 1 :]]

    def prepare(frame: Frame) -> Callable[[Any], bool]:
        given = [argument(frame) for argument in arguments]
        return lambda value: apply(frame, None if value is MISSING else _readable(value), *given)

    return prepare


def _is_true(value: Any) -> bool:
    return value is not MISSING and truth(value)


def _readable(value: Any) -> Any:
    if type(value) is Secret:
        refuse_secret()
    return value


def _literal(node: nodes.Filter, at: int, use: str) -> str:
    argument = node.args[at]
    if not isinstance(argument, nodes.Const) or not isinstance(argument.value, str):
        raise refusal(node, "forbidden_expression", f"`{use}` takes a literal name", "write it in quotes")
    return argument.value


def _known(table: Any, word: str, node: nodes.Node, name: str) -> Callable[..., Any]:
    if name not in table:
        raise refusal(node, f"unknown_{word}", f"There is no {word} {name!r}", meant(name, sorted(table)))
    found: Callable[..., Any] = table[name]
    return found


SELECTIONS: Final = {
    "map": mapped,
    "select": _selection(True, False),
    "reject": _selection(False, False),
    "selectattr": _selection(True, True),
    "rejectattr": _selection(False, True),
}
