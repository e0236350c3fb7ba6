"""From a syntax tree to nested closures. What has no entry in the table is refused: the table is the allow-list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

from jinja2 import nodes

from attune_core.expressions.failures import ExpressionError
from attune_core.expressions.frame import Run
from attune_core.expressions.references import References

Compile: TypeAlias = "Callable[[Compiler, Any], Run]"
Registered = TypeVar("Registered", bound=Callable[..., Run])

EXPRESSIONS: dict[type[nodes.Node], Compile] = {}

NAMES_OF_FORBIDDEN = {
    nodes.Macro: "{% macro %}",
    nodes.CallBlock: "{% call %}",
    nodes.FilterBlock: "{% filter %}",
    nodes.Import: "{% import %}",
    nodes.FromImport: "{% from %}",
    nodes.Include: "{% include %}",
    nodes.Extends: "{% extends %}",
    nodes.Block: "{% block %}",
    nodes.With: "{% with %}",
    nodes.ScopedEvalContextModifier: "{% autoescape %}",
    nodes.AssignBlock: "{% set %} with a body",
    nodes.NSRef: "setting an attribute",
}


def expression(*kinds: type[nodes.Node]) -> Callable[[Registered], Registered]:
    """Register how some kinds of node compile."""

    def register(function: Registered) -> Registered:
        for kind in kinds:
            EXPRESSIONS[kind] = function
        return function

    return register


class Compiler:
    """The compilation of one template: collects what it reads and hands out places for local names.

    `built` becomes true when the template can give a value that is larger than the data it reads.
    """

    def __init__(self, extra_names: frozenset[str]) -> None:
        self.extra_names = extra_names
        self.reads = Reads()
        self.built = False
        self.places = 0
        self.locals: list[dict[str, int]] = [{}]
        self.certain: set[int] = set()
        self.branches = 0

    def compile(self, node: nodes.Node) -> Run:
        compile_node = EXPRESSIONS.get(type(node))
        if compile_node is None:
            raise forbidden(node)
        return compile_node(self, node)

    def declare(self, name: str) -> int:
        """The place of a local name in the innermost block, made on the first call.

        What is set outside of every branch is certain: reading it never falls back to an outer name.
        """
        block = self.locals[-1]
        if name not in block:
            block[name] = self.places
            self.places += 1
        if not self.branches:
            self.certain.add(block[name])
        return block[name]

    @contextmanager
    def block(self) -> Iterator[None]:
        """Inside, new names are local to the block."""
        outer, self.branches = self.branches, 0
        self.locals.append({})
        yield
        self.locals.pop()
        self.branches = outer

    @contextmanager
    def branch(self) -> Iterator[None]:
        """Inside, what is set may stay unset."""
        self.branches += 1
        yield
        self.branches -= 1

    def resolve(self, name: str) -> list[int]:
        """The places a local name may stand in, innermost first."""
        return [block[name] for block in reversed(self.locals) if name in block]


class Reads:
    """References while they are collected."""

    def __init__(self) -> None:
        self.tasks: set[str] = set()
        self.task_results: set[str] = set()
        self.vars: set[str] = set()
        self.parameters: set[str] = set()
        self.kv_keys: set[str] = set()
        self.secret_keys: set[str] = set()
        self.uses_item = False
        self.uses_result = False

    def add(self, other: References) -> None:
        self.tasks |= other.tasks
        self.task_results |= other.task_results
        self.vars |= other.vars
        self.parameters |= other.parameters
        self.kv_keys |= other.kv_keys
        self.secret_keys |= other.secret_keys
        self.uses_item = self.uses_item or other.uses_item
        self.uses_result = self.uses_result or other.uses_result

    def frozen(self) -> References:
        return References(
            frozenset(self.tasks),
            frozenset(self.task_results),
            frozenset(self.vars),
            frozenset(self.parameters),
            frozenset(self.kv_keys),
            frozenset(self.secret_keys),
            self.uses_item,
            self.uses_result,
        )


def forbidden(node: nodes.Node) -> ExpressionError:
    name = NAMES_OF_FORBIDDEN.get(type(node), type(node).__name__)
    return refusal(node, "forbidden_expression", f"{name} is not part of the language")


def refusal(node: nodes.Node, code: str, message: str, hint: str = "") -> ExpressionError:
    """A compile error at the line of a node."""
    return ExpressionError(message, code=code, hint=hint, line=node.lineno)
