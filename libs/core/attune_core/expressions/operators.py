"""Every operator of the language, bounded. All take the frame, so that what they move is charged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from attune_core.expressions.failures import fail, kind
from attune_core.expressions.frame import Frame, measure
from attune_core.expressions.secrets import Secret
from attune_core.expressions.values import is_number, number, refuse_secret, text_of

SCALARS = frozenset({str, int, float, bool, type(None)})


def add(frame: Frame, left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return number(left + right)
    if isinstance(left, str) and isinstance(right, str):
        frame.room(len(left) + len(right))
        return left + right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        frame.charge(len(left) + len(right))
        return [*left, *right]
    _refuse("+", left, right)


def subtract(frame: Frame, left: Any, right: Any) -> Any:
    _numbers("-", left, right)
    return number(left - right)


def multiply(frame: Frame, left: Any, right: Any) -> Any:
    _numbers("*", left, right)
    return number(left * right)


def divide(frame: Frame, left: Any, right: Any) -> Any:
    _numbers("/", left, right)
    _not_zero(right)
    return number(left / right)


def floor_divide(frame: Frame, left: Any, right: Any) -> Any:
    _numbers("//", left, right)
    _not_zero(right)
    return number(left // right)


def modulo(frame: Frame, left: Any, right: Any) -> Any:
    _numbers("%", left, right)
    _not_zero(right)
    return number(left % right)


def power(frame: Frame, left: Any, right: Any) -> Any:
    _numbers("**", left, right)
    # The size is known before the work: a power is never computed to be thrown away.
    whole = isinstance(left, int) and isinstance(right, int)
    if whole and (left.bit_length() - 1) * abs(right) > 1024:
        fail("number_too_big", "A power has more than 1024 bits")
    if left == 0 and right < 0:
        _not_zero(0)
    raised = left**right
    if isinstance(raised, complex):
        fail("wrong_value", "A fractional power of a negative number is not a number")
    return number(raised)


def negative(frame: Frame, value: Any) -> Any:
    if not is_number(value):
        fail("wrong_type", f"`-` needs a number, not {kind(value)}")
    return -value


def positive(frame: Frame, value: Any) -> Any:
    if not is_number(value):
        fail("wrong_type", f"`+` needs a number, not {kind(value)}")
    return +value


def concat(frame: Frame, values: list[Any]) -> str | Secret:
    """The values written one after the other. With a secret among them the whole is secret."""
    pieces: list[str | Secret] = [value if isinstance(value, Secret) else text_of(frame, value) for value in values]
    return joined(frame, pieces)


def joined(frame: Frame, pieces: list[str | Secret]) -> str | Secret:
    texts = [piece for piece in pieces if not isinstance(piece, Secret)]
    frame.room(sum(map(len, texts)))
    if len(texts) == len(pieces):
        return "".join(texts)
    parts = [part for piece in pieces for part in ((piece,) if isinstance(piece, str) else piece.parts)]
    frame.charge(len(parts))
    return Secret(tuple(part for part in parts if part != ""))


def equal(frame: Frame, left: Any, right: Any) -> bool:
    if type(left) is str and type(right) is str:
        frame.charge(min(len(left), len(right)) >> 4)
    elif type(left) not in SCALARS and type(right) not in SCALARS:
        _comparable(left, right)
        measure(frame, left)
        measure(frame, right)
    else:
        _comparable(left, right)
    return bool(left == right)


def not_equal(frame: Frame, left: Any, right: Any) -> bool:
    return not equal(frame, left, right)


def contains(frame: Frame, needle: Any, haystack: Any) -> bool:
    """`needle in haystack`: part of a text, element of a list, key of a map."""
    _comparable(needle, haystack)
    if isinstance(haystack, str):
        if not isinstance(needle, str):
            fail("wrong_type", f"Only text can be in a text, not {kind(needle)}", "convert it: | string")
        frame.charge((len(haystack) + len(needle)) >> 4)
        return needle in haystack
    if isinstance(haystack, Mapping):
        return isinstance(needle, str) and needle in haystack
    if isinstance(haystack, list | tuple):
        return _element(frame, needle, haystack)
    fail("wrong_type", f"`in` needs a list, a map or text, not {kind(haystack)}")


def _element(frame: Frame, needle: Any, haystack: list[Any] | tuple[Any, ...]) -> bool:
    if type(needle) in SCALARS:
        weight = len(needle) >> 6 if isinstance(needle, str) else 0
        frame.charge((len(haystack) >> 1) * (1 + weight))
        return needle in haystack
    for element in haystack:
        frame.charge(1)
        if equal(frame, needle, element):
            return True
    return False


def excludes(frame: Frame, needle: Any, haystack: Any) -> bool:
    return not contains(frame, needle, haystack)


def ordered(symbol: str, compare: Callable[[Any, Any], Any]) -> Callable[[Frame, Any, Any], bool]:
    """An ordering operator: numbers with numbers, text with text, lists with lists."""

    def run(frame: Frame, left: Any, right: Any) -> bool:
        if is_number(left) and is_number(right):
            return bool(compare(left, right))
        if isinstance(left, str) and isinstance(right, str):
            frame.charge(min(len(left), len(right)) >> 4)
            return bool(compare(left, right))
        if isinstance(left, list) and isinstance(right, list):
            measure(frame, left)
            measure(frame, right)
            return bool(compare(left, right))
        _refuse(symbol, left, right)

    return run


def _comparable(left: Any, right: Any) -> None:
    if isinstance(left, Secret) or isinstance(right, Secret):
        refuse_secret()


def _numbers(symbol: str, left: Any, right: Any) -> None:
    if not (is_number(left) and is_number(right)):
        _refuse(symbol, left, right)


def _not_zero(value: Any) -> None:
    if value == 0:
        fail("wrong_value", "A division by zero")


def _refuse(symbol: str, left: Any, right: Any) -> NoReturn:
    _comparable(left, right)
    hint = "join text with ~" if isinstance(left, str) or isinstance(right, str) else ""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        hint = "join maps with | merge(other)"
    fail("wrong_type", f"`{symbol}` does not work on {kind(left)} and {kind(right)}", hint)
