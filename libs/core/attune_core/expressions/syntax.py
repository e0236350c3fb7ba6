"""From text to a syntax tree of bounded size: the one place where Jinja2 reads what a user wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar

from jinja2 import Environment, StrictUndefined, TemplateSyntaxError, nodes
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser

from attune_core.expressions.failures import ExpressionError
from attune_core.expressions.limits import (
    AST_DEPTH,
    AST_NODES,
    BLOCK_DEPTH,
    BRACKET_DEPTH,
    SOURCE_CHARS,
    UNARY_RUN,
)

Tree = TypeVar("Tree", bound=nodes.Node)

OPENING = frozenset({"lparen", "lbracket", "lbrace"})
CLOSING = frozenset({"rparen", "rbracket", "rbrace"})
OPENING_TAGS = frozenset({"if", "for"})
CLOSING_TAGS = frozenset({"endif", "endfor"})


@dataclass(slots=True)
class Nesting:
    """How deep the parser is about to recurse. It is stopped long before Python's own limit."""

    brackets: int = 0
    blocks: int = 0
    signs: int = 0
    tokens: int = 0
    previous: str = field(default="")

    def see(self, token: Token) -> None:
        self.tokens += 1
        self.brackets += (token.type in OPENING) - (token.type in CLOSING)
        is_sign = token.type in ("add", "sub") or (token.type == "name" and token.value == "not")
        self.signs = self.signs + 1 if is_sign else 0
        if self.previous == "block_begin":
            self.blocks += (token.value in OPENING_TAGS) - (token.value in CLOSING_TAGS)
        self.previous = token.type
        if self.too_deep():
            raise too_complex(token.lineno)

    def too_deep(self) -> bool:
        return (
            self.brackets > BRACKET_DEPTH
            or self.blocks > BLOCK_DEPTH
            or self.signs > UNARY_RUN
            or self.tokens > AST_NODES * 2
        )


class Bounds(Extension):
    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        return _counted(stream)


def _counted(stream: TokenStream) -> Iterator[Token]:
    nesting = Nesting()
    for token in stream:
        nesting.see(token)
        yield token


def _environment(newline: Literal["\n", "\r\n"]) -> Environment:
    return Environment(  # text is data here, never HTML, so there is nothing to escape
        autoescape=False,
        optimized=False,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        newline_sequence=newline,
        cache_size=0,
        extensions=[Bounds],
    )


# Only their lexer and parser are used: nothing is ever compiled to Python, folded or run by them.
# There are two because the lexer writes every line end of a text in the one way it is told.
_UNIX: Final = _environment("\n")
_NETWORK: Final = _environment("\r\n")


def _parser(source: str, state: str | None = None) -> Parser:
    return Parser(_NETWORK if "\r\n" in source else _UNIX, source, state=state)


def parse_template(source: str) -> list[nodes.Node]:
    """The statements and outputs of a template. Errors: ExpressionError with the line."""
    tree = _parsed(source, lambda: _parser(source).parse())
    return tree.body


def parse_expression(source: str) -> nodes.Expr:
    """A bare expression, without braces. Errors: ExpressionError."""
    return _parsed(source, lambda: _bare(source))


def _bare(source: str) -> nodes.Expr:
    parser = _parser(source, "variable")
    expression = parser.parse_expression()
    if not parser.stream.eos:
        raise TemplateSyntaxError("text after the end of the expression", parser.stream.current.lineno)
    return expression


def _parsed(source: str, parse: Callable[[], Tree]) -> Tree:
    if len(source) > SOURCE_CHARS:
        raise ExpressionError(
            f"A template of {len(source)} characters is longer than {SOURCE_CHARS}", code="template_too_long"
        ).within(source)
    try:
        tree = parse()
        _check_size(tree)
    except TemplateSyntaxError as error:
        raise _syntax_error(error).within(source) from None
    except RecursionError:
        raise too_complex(0).within(source) from None
    except ValueError:
        # The lexer reads numbers with int(), which refuses more than 4300 digits.
        raise ExpressionError("A number is too long", code="number_too_big").within(source) from None
    except ExpressionError as error:
        raise error.within(source) from None
    return tree


def _check_size(tree: nodes.Node) -> None:
    level: list[nodes.Node] = [tree]
    count = depth = 0
    while level:
        count += len(level)
        depth += 1
        if depth > AST_DEPTH or count > AST_NODES:
            raise too_complex(level[0].lineno)
        level = [child for node in level for child in node.iter_child_nodes()]


def too_complex(line: int) -> ExpressionError:
    return ExpressionError(
        "The template is nested too deep or has too many parts",
        code="template_too_complex",
        hint="split it over several variables, or do the work in an action",
        line=line,
    )


def _syntax_error(error: TemplateSyntaxError) -> ExpressionError:
    sentence = (error.message or "The template cannot be read").rstrip(".")
    return ExpressionError(
        sentence[0].upper() + sentence[1:],
        code="template_syntax",
        hint=_syntax_hint(sentence),
        line=error.lineno,
    )


def _syntax_hint(sentence: str) -> str:
    if "comment tag" in sentence:
        return "`{#` opens a comment; for the characters themselves write {{ '{#' }}"
    if "unknown tag" in sentence:
        return "the tags are if, elif, else, endif, for, endfor, set and raw"
    if "&" in sentence or "|" in sentence:
        return "write `and`, `or` and `not`"
    return ""
