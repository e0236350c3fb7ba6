"""What an expression may do with a JSON value: read its members, test its truth, write it as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any, NoReturn

from attune_core.expressions.failures import fail, kind
from attune_core.expressions.frame import Frame, check_integer, measure
from attune_core.expressions.limits import NUMBER_LIMIT, OUTPUT_CHARS
from attune_core.expressions.secrets import Secret


def member(value: Any, key: Any) -> Any:
    """Data only: the key of a map, the position in a list or text. Errors: LookupError when it is not there."""
    if isinstance(value, Mapping):
        if isinstance(key, str):
            return value[key]
    elif isinstance(value, list | tuple | str):
        if isinstance(key, int) and not isinstance(key, bool):
            return value[key]
    elif isinstance(value, Secret):
        refuse_secret()
    raise KeyError(key)


def part(frame: Frame, value: Any, first: Any, last: Any, step: Any) -> Any:
    """A slice of a list or text."""
    if isinstance(value, Secret):
        refuse_secret()
    if not isinstance(value, list | tuple | str):
        fail("wrong_type", f"A {kind(value)} has no slices", "only lists and text do")
    for bound in (first, last, step):
        if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int)):
            fail("wrong_type", f"A slice is bounded by whole numbers, not by {kind(bound)}")
    if step == 0:
        fail("wrong_value", "The step of a slice cannot be 0")
    frame.charge(len(value) if isinstance(value, list | tuple) else len(value) >> 4)
    taken = value[first:last:step]
    return list(taken) if isinstance(taken, tuple) else taken


def truth(value: Any) -> bool:
    """Python's truth of JSON."""
    if type(value) is Secret:
        refuse_secret()
    return bool(value)


def text_of(frame: Frame, value: Any) -> str:
    """Text as it is, everything else as JSON: `true`, `null`, `1.5`, `{"a": 1}`."""
    if isinstance(value, str):
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return "null"
    if isinstance(value, int | float):
        return str(number(value))
    return frame.text(json_text(frame, value))


def json_text(frame: Frame, value: Any, indent: int | None = None) -> str:
    """Errors: ExpressionError for a secret inside, a value too big, or a number that JSON does not have."""
    before = frame.fuel
    measure(frame, value)
    frame.charge(before - frame.fuel)
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=plain, indent=indent)
    except ValueError:
        fail("wrong_value", "JSON has no infinite numbers")


def plain(value: Any) -> Any:
    """A lazy map as a dict; for anything that is not JSON an error."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Secret):
        refuse_secret()
    fail("wrong_type", f"A {kind(value)} cannot be written as text")


def number(value: Any) -> Any:
    """The number itself when it is within bounds."""
    if type(value) is int:
        if -NUMBER_LIMIT < value < NUMBER_LIMIT:
            return value
        fail("number_too_big", "A number has more than 1024 bits")
    if isinstance(value, float) and not isfinite(value):
        fail("number_too_big", "A number is not finite")
    return value


def is_number(value: Any) -> bool:
    """Booleans count, as in Python: the sum of a list of booleans is how many are true."""
    return isinstance(value, int | float)


def result(frame: Frame, value: Any, built: bool) -> Any:
    """The value of a whole expression. `built`: it was put together, so its size is not bounded by the data."""
    if type(value) is str:
        if len(value) > OUTPUT_CHARS and built:
            frame.room(len(value))
    elif type(value) is int:
        check_integer(value)
    elif built and isinstance(value, list | tuple | Mapping):
        measure(frame, value)
    return value


def refuse_secret() -> NoReturn:
    fail(
        "secret_use",
        "A secret cannot be read inside a template",
        "it can be passed on, joined with ~ and encoded with b64encode or urlencode",
    )
