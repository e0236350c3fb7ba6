"""The tests after `is`: `x is mapping`, `n is divisibleby 3`. `TESTS` is the whole list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from attune_core.expressions import operators
from attune_core.expressions.arithmetic import COMPARISONS
from attune_core.expressions.failures import fail, kind
from attune_core.expressions.frame import Frame

Check: TypeAlias = Callable[..., bool]

# These two look at whether a value exists; the compiler gives them their meaning.
DEFINED: Final = frozenset({"defined", "undefined"})


def _whole(value: Any, use: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        fail("wrong_type", f"`is {use}` needs a whole number, not {kind(value)}")
    return value


def even(frame: Frame, value: Any) -> bool:
    return _whole(value, "even") % 2 == 0


def odd(frame: Frame, value: Any) -> bool:
    return _whole(value, "odd") % 2 == 1


def divisible(frame: Frame, value: Any, by: Any) -> bool:
    divisor = _whole(by, "divisibleby")
    if divisor == 0:
        fail("wrong_value", "Nothing is divisible by 0")
    return _whole(value, "divisibleby") % divisor == 0


def none(frame: Frame, value: Any) -> bool:
    return value is None


def boolean(frame: Frame, value: Any) -> bool:
    return isinstance(value, bool)


def true(frame: Frame, value: Any) -> bool:
    return value is True


def false(frame: Frame, value: Any) -> bool:
    return value is False


def integer(frame: Frame, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def floating(frame: Frame, value: Any) -> bool:
    return isinstance(value, float)


def number(frame: Frame, value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def string(frame: Frame, value: Any) -> bool:
    return isinstance(value, str)


def mapping(frame: Frame, value: Any) -> bool:
    return isinstance(value, Mapping)


def sequence(frame: Frame, value: Any) -> bool:
    """A list or text; a map is not one."""
    return isinstance(value, list | tuple | str)


def iterable(frame: Frame, value: Any) -> bool:
    return isinstance(value, list | tuple | str | Mapping)


def lower(frame: Frame, value: Any) -> bool:
    return isinstance(value, str) and frame.text(value).islower()


def upper(frame: Frame, value: Any) -> bool:
    return isinstance(value, str) and frame.text(value).isupper()


def same(frame: Frame, value: Any, other: Any) -> bool:
    """Equal and of one type: `1 is sameas true` is false."""
    return type(value) is type(other) and operators.equal(frame, value, other)


def within(frame: Frame, value: Any, haystack: Any) -> bool:
    return operators.contains(frame, value, haystack)


def equal(frame: Frame, value: Any, other: Any) -> bool:
    return operators.equal(frame, value, other)


def _comparison(operator: str) -> Check:
    compare = COMPARISONS[operator]

    def check(frame: Frame, value: Any, other: Any) -> bool:
        return compare(frame, value, other)

    return check


TESTS: Final[Mapping[str, Check]] = {
    "even": even,
    "odd": odd,
    "divisibleby": divisible,
    "none": none,
    "null": none,
    "boolean": boolean,
    "true": true,
    "false": false,
    "integer": integer,
    "float": floating,
    "number": number,
    "string": string,
    "mapping": mapping,
    "sequence": sequence,
    "iterable": iterable,
    "lower": lower,
    "upper": upper,
    "sameas": same,
    "in": within,
    "eq": equal,
    "equalto": equal,
    "==": equal,
    "ne": _comparison("ne"),
    "!=": _comparison("ne"),
    "lt": _comparison("lt"),
    "lessthan": _comparison("lt"),
    "<": _comparison("lt"),
    "le": _comparison("lteq"),
    "<=": _comparison("lteq"),
    "gt": _comparison("gt"),
    "greaterthan": _comparison("gt"),
    ">": _comparison("gt"),
    "ge": _comparison("gteq"),
    ">=": _comparison("gteq"),
}
