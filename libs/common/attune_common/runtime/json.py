"""JSON in and out, and the data gate: what may enter the system so that it can be stored and given back.

orjson reads a depth of 1,024 but writes 254; jsonb keeps 1e400 and cannot give it back; NUL breaks jsonb.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import orjson

from attune_core.errors import AttuneError

MAX_DEPTH = 100
MAX_VALUES = 200_000
_MIN_INT, _MAX_INT = -(2**63), 2**63 - 1
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class DataError(AttuneError):
    """A value that cannot be stored; `path` is its JSON path from `$`."""

    code = "invalid_data"

    def __init__(self, path: str, message: str, hint: str = "") -> None:
        super().__init__(message, path=path, hint=hint)


def dumps(value: Any) -> bytes:
    """Compact JSON in UTF-8. Errors: TypeError for what JSON has no form for."""
    return orjson.dumps(value)


def loads(data: bytes | bytearray | memoryview | str) -> Any:
    """Errors: DataError when it is no JSON."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as problem:
        raise DataError("$", f"this is not JSON: {problem}") from problem


def clean(value: Any) -> Any:
    """The same value as plain JSON data (tuples become lists). Errors: DataError with the path."""
    return _Gate(repairing=False).pass_through(value, "$", 1)


def repair(value: Any) -> tuple[Any, bool]:
    """The value made storable, and whether anything had to be changed.

    Numbers that do not fit and unknown types become text, broken text gets replacement characters.
    Errors: DataError when it is too deep or too large to be repaired.
    """
    gate = _Gate(repairing=True)
    result = gate.pass_through(value, "$", 1)
    return result, gate.repaired


class _Gate:
    """One walk over one value."""

    def __init__(self, repairing: bool) -> None:
        self.repairing = repairing
        self.repaired = False
        self._count = 0

    def pass_through(self, value: Any, path: str, depth: int) -> Any:
        self._count += 1
        if self._count > MAX_VALUES:
            raise DataError("$", f"more than {MAX_VALUES:,} values", "split it, or keep it in a file")
        if value is None or value is True or value is False:
            return value
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, (int, float)):
            return self._number(value, path)
        if depth > MAX_DEPTH:
            raise DataError(path, f"nested deeper than {MAX_DEPTH} levels")
        # Mapping is an abstract class: asking it costs as much as the rest of a small map.
        if type(value) is dict or isinstance(value, Mapping):
            return {
                self._key(key, path): self.pass_through(member, f"{path}.{key}", depth + 1)
                for key, member in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.pass_through(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value)]
        return self._refuse_or(_text_of(value), path, f"{type(value).__name__} is not JSON data")

    def _refuse_or(self, repaired: Any, path: str, message: str) -> Any:
        if not self.repairing:
            raise DataError(path, message)
        self.repaired = True
        return repaired

    def _key(self, key: Any, path: str) -> str:
        if isinstance(key, str):
            return self._text(key, path)
        return str(self._refuse_or(_text_of(key), path, f"the key {key!r} is not text"))

    def _text(self, value: str, path: str) -> str:
        if "\0" not in value and (value.isascii() or not _has_surrogate(value)):
            return str(value)
        return str(self._refuse_or(_mended(value), path, "the text has a NUL or half of a surrogate pair"))

    def _number(self, value: int | float, path: str) -> Any:
        if isinstance(value, int):
            if _MIN_INT <= value <= _MAX_INT:
                return int(value)
            return self._refuse_or(_text_of(value), path, "the integer does not fit into 64 bits")
        if math.isfinite(value):
            return float(value)
        return self._refuse_or(str(value), path, f"the number is {value}, which JSON does not have")


def _has_surrogate(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False


def _mended(value: str) -> str:
    whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", _REPLACEMENT)


def _text_of(value: Any) -> str:
    """Text for a value that JSON has no form for; an integer beyond Python's digit limit in hexadecimal."""
    try:
        text = str(value)
    except ValueError:
        text = hex(value)
    return _mended(text)
