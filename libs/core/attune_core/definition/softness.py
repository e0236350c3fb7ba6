"""Finds what only the syntax tree tells: names that are read where a missing one is expected, calls without place.

It is asked only when a name was not found, so that it costs nothing for a definition that is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from jinja2 import nodes

from attune_core.definition.templates import texts
from attune_core.expressions.render import ExpressionError
from attune_core.expressions.syntax import parse_expression, parse_template

OUTCOME_CALLS: Final = frozenset({"succeeded", "failed", "timed_out", "skipped", "completed"})
_SOFT_FILTERS: Final = frozenset({"default", "d"})
_SOFT_TESTS: Final = frozenset({"defined", "undefined"})


def hard_names(raw: Any, scope: str) -> frozenset[str]:
    """The names of a scope (`task`, `vars`, `parameters`) that are read without `default()` or `is defined`."""
    return frozenset(name for _, text in texts(raw, ()) for name in _hard_names(text, scope))


def bare_outcome_calls(raw: Any) -> frozenset[str]:
    """`succeeded()` and its kin without argument: they need a finished task around them."""
    found: set[str] = set()
    for _, text in texts(raw, ()):
        for tree in _trees(text):
            calls = [tree, *tree.find_all(nodes.Call)]
            found |= {
                call.node.name
                for call in calls
                if isinstance(call, nodes.Call) and isinstance(call.node, nodes.Name) and not call.args
            }
    return frozenset(found & OUTCOME_CALLS)


def _hard_names(text: str, scope: str) -> Iterator[str]:
    for tree in _trees(text):
        pending: list[tuple[nodes.Node, bool]] = [(tree, False)]
        while pending:
            node, soft = pending.pop()
            name = _scoped(node, scope)
            if name is not None and not soft:
                yield name
            for child in node.iter_child_nodes():
                below = _softens(node, child) or (soft and _continues(node, child))
                pending.append((child, below))


def _trees(text: str) -> list[nodes.Node]:
    try:
        return list(parse_template(text)) if "{" in text else [parse_expression(text)]
    except ExpressionError:
        return []


def _softens(node: nodes.Node, child: nodes.Node) -> bool:
    """`child | default(...)`, `child is defined`."""
    if isinstance(node, nodes.Filter):
        return node.name in _SOFT_FILTERS and child is node.node
    return isinstance(node, nodes.Test) and node.name in _SOFT_TESTS and child is node.node


def _continues(node: nodes.Node, child: nodes.Node) -> bool:
    """Softness goes down a path and through filters, and not into arguments."""
    return isinstance(node, nodes.Getattr | nodes.Getitem | nodes.Filter) and child is node.node


def _scoped(node: nodes.Node, scope: str) -> str | None:
    """The name in `scope.name` or `scope['name']`; for tasks also in `succeeded('name')`."""
    if isinstance(node, nodes.Getattr) and _is_name(node.node, scope):
        return node.attr
    if isinstance(node, nodes.Getitem) and _is_name(node.node, scope):
        return _text(node.arg)
    if scope == "task" and isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
        return _text(node.args[0]) if node.node.name in OUTCOME_CALLS and node.args else None
    return None


def _is_name(node: nodes.Node, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.name == name


def _text(node: nodes.Node) -> str | None:
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else None
