"""Filters on numbers, and to numbers."""

from __future__ import annotations

import math
from math import isfinite
from typing import Any

from attune_core.expressions.failures import fail
from attune_core.expressions.filters.keys import by
from attune_core.expressions.filters.registry import elements, filter_named, numeric, whole
from attune_core.expressions.frame import Frame
from attune_core.expressions.limits import NUMBER_LIMIT
from attune_core.expressions.values import number

DIGITS = 400
ROUNDINGS = {"ceil": math.ceil, "floor": math.floor}


@filter_named("abs")
def absolute(frame: Frame, value: Any) -> Any:
    return abs(numeric(value, "abs"))


@filter_named("round")
def rounded(frame: Frame, value: Any, precision: int = 0, method: str = "common") -> Any:
    places = whole(precision, "The precision of round", least=-20, most=20)
    amount = numeric(value, "round")
    if method == "common":
        return round(amount, places)
    if method not in ROUNDINGS:
        fail("wrong_value", "The method of round is common, ceil or floor")
    scale = 10.0**places
    return number(ROUNDINGS[method](amount * scale) / scale)


@filter_named("int")
def integer(frame: Frame, value: Any, default: Any = 0, base: int = 10) -> Any:
    """A whole number; the default when the value is not one."""
    whole(base, "The base of int", least=2, most=36)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return int(value) if isfinite(value) else default
    if not isinstance(value, str) or len(value) > DIGITS:
        return default
    return _parsed(value, default, base)


def _parsed(value: str, default: Any, base: int) -> Any:
    try:
        found = int(value, base)
    except ValueError:
        return _from_float(value, default) if base == 10 else default
    return found if -NUMBER_LIMIT < found < NUMBER_LIMIT else default


def _from_float(value: str, default: Any) -> Any:
    found = _float(value)
    return default if found is None else int(found)


@filter_named("float")
def floating(frame: Frame, value: Any, default: Any = 0.0) -> Any:
    """A number with fractions; the default when the value is not one."""
    if isinstance(value, int | float):
        return number(float(value))
    if not isinstance(value, str) or len(value) > DIGITS:
        return default
    found = _float(value)
    return default if found is None else found


def _float(value: str) -> float | None:
    try:
        found = float(value)
    except ValueError:
        return None
    return found if isfinite(found) else None


@filter_named("sum")
def total(frame: Frame, value: Any, attribute: Any = None, start: Any = 0) -> Any:
    """The sum of the numbers of a list, or of one attribute of its maps."""
    amounts = by(frame, elements(frame, value, "sum"), attribute)
    amount = numeric(start, "sum")
    frame.charge(len(amounts) * 2)
    for found in amounts:
        amount = amount + numeric(found, "sum")
    return number(amount)
