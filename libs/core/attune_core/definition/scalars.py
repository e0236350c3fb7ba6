"""Plain YAML scalars by the core schema of YAML 1.2, with one rule more: what would be changed stays text.

`yes`, `on`, `12:30` and dates are text in YAML 1.2 anyway. `0755` and `1.10` are numbers there, but reading
them as 755 and 1.1 loses what was written, and no workflow means that.
"""

from __future__ import annotations

import math
import re
from typing import Final

from attune_core.definition.limits import INT_MAX, INT_MIN

Scalar = str | int | float | bool | None

WORDS: Final[dict[str, bool | None]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z", re.ASCII)
_OCTAL = re.compile(r"0o[0-7]+\Z", re.ASCII)
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+\Z", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z", re.ASCII)
_TRAILING_ZERO = re.compile(r"[-+]?[0-9]*\.[0-9]+0\Z", re.ASCII)
_NOT_FINITE = re.compile(r"([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\Z", re.ASCII)
_LONGEST_NUMBER: Final = 400


class ScalarError(ValueError):
    """A number that JSON cannot carry; the text says why."""


def resolve(text: str) -> Scalar:
    """The value of a plain scalar. Errors: ScalarError for numbers beyond 64 bits and for infinities."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _NOT_FINITE.match(text):
        raise ScalarError(f"{text} is not a finite number")
    if _is_number(text) and len(text) > _LONGEST_NUMBER:
        raise ScalarError(f"a number of {len(text)} characters is too long")
    return _number(text)


def _is_number(text: str) -> bool:
    return any(form.match(text) for form in (_DECIMAL, _OCTAL, _HEXADECIMAL, _FLOAT))


def _number(text: str) -> Scalar:
    if _DECIMAL.match(text):
        return _bounded(int(text), text)
    if _OCTAL.match(text):
        return _bounded(int(text[2:], 8), text)
    if _HEXADECIMAL.match(text):
        return _bounded(int(text[2:], 16), text)
    if not _FLOAT.match(text) or _TRAILING_ZERO.match(text):
        return text
    return _finite(float(text), text)


def _bounded(number: int, text: str) -> int:
    if not INT_MIN <= number <= INT_MAX:
        raise ScalarError(f"{text} does not fit into 64 bits")
    return number


def _finite(number: float, text: str) -> float:
    if not math.isfinite(number):
        raise ScalarError(f"{text} is too large for a number")
    return number
