"""Text with templates in it: outputs, `if` and `set`. The table of statements is the allow-list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from jinja2 import nodes

from attune_core.expressions.compiler import Compiler, forbidden
from attune_core.expressions.frame import Frame, Run
from attune_core.expressions.secrets import Secret
from attune_core.expressions.targets import target
from attune_core.expressions.values import number, text_of, truth

Pieces: TypeAlias = "list[str | Secret]"
Block: TypeAlias = "Callable[[Frame, Pieces], None]"
Registered = TypeVar("Registered", bound=Callable[..., Block])

# Shorter text costs less than its expression, which is charged already.
SHORT = 16

STATEMENTS: dict[type[nodes.Node], Callable[[Compiler, Any], Block]] = {}


def statement(kind: type[nodes.Node]) -> Callable[[Registered], Registered]:
    """Register how one kind of statement compiles."""

    def register(function: Registered) -> Registered:
        STATEMENTS[kind] = function
        return function

    return register


def compile_body(compiler: Compiler, body: Sequence[nodes.Node]) -> Block:
    """The statements of a template in order. Each appends what it writes."""
    blocks = [_compile(compiler, node) for node in body]
    if len(blocks) == 1:
        return blocks[0]

    def run(frame: Frame, pieces: Pieces) -> None:
        for block in blocks:
            block(frame, pieces)

    return run


def _compile(compiler: Compiler, node: nodes.Node) -> Block:
    compile_statement = STATEMENTS.get(type(node))
    if compile_statement is None:
        raise forbidden(node)
    return compile_statement(compiler, node)


@statement(nodes.Output)
def output(compiler: Compiler, node: nodes.Output) -> Block:
    parts = tuple(_parts(compiler, node))
    units = sum(len(text) for text, _, _ in parts) >> 4

    def run(frame: Frame, pieces: Pieces) -> None:
        if units:
            frame.charge(units)
        write = pieces.append
        for text, line, expression in parts:
            if text:
                write(text)
            if expression is not None:
                frame.line = line
                value = expression(frame)
                write(value if type(value) is str and len(value) < SHORT else _written(frame, value))

    return run


def _parts(compiler: Compiler, node: nodes.Output) -> Iterator[tuple[str, int, Run | None]]:
    """Each expression with the text before it; text after the last one has none."""
    text = ""
    for part in node.nodes:
        if isinstance(part, nodes.TemplateData):
            text += part.data
        else:
            yield text, part.lineno, compiler.compile(_with_else(part))
            text = ""
    if text:
        yield text, node.lineno, None


def _with_else(node: nodes.Expr) -> nodes.Expr:
    """`{{ 'x' if y }}` writes nothing when y is false, although as a value it is null."""
    if isinstance(node, nodes.CondExpr) and node.expr2 is None:
        node.expr2 = nodes.Const("", lineno=node.lineno)
    return node


def _written(frame: Frame, value: Any) -> str | Secret:
    if type(value) is int:
        return str(number(value))
    if isinstance(value, str):
        frame.room(len(value))
        return value
    return value if isinstance(value, Secret) else text_of(frame, value)


@statement(nodes.If)
def condition(compiler: Compiler, node: nodes.If) -> Block:
    with compiler.branch():
        branches = [
            (compiler.compile(branch.test), compile_body(compiler, branch.body)) for branch in (node, *node.elif_)
        ]
        otherwise = compile_body(compiler, node.else_)

    def run(frame: Frame, pieces: Pieces) -> None:
        frame.line = node.lineno
        for test, body in branches:
            if truth(test(frame)):
                return body(frame, pieces)
        return otherwise(frame, pieces)

    return run


@statement(nodes.Assign)
def assignment(compiler: Compiler, node: nodes.Assign) -> Block:
    value = compiler.compile(node.node)
    store = target(compiler, node.target)

    def run(frame: Frame, pieces: Pieces) -> None:
        frame.line = node.lineno
        store(frame, value(frame))

    return run
