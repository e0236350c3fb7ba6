"""JSON in: strict syntax, no duplicate keys, no number that would change, and the data gate."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import orjson

from attune_api.errors import BadRequest, Invalid
from attune_common.runtime.json import DataError, clean

_INT64 = range(-(2**63), 2**63)


class _Refused(ValueError):
    pass


def parse(body: bytes) -> Any:
    """The value that `body` spells. Errors: BadRequest for bad syntax, Invalid for data that no store keeps."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise BadRequest(f"the body is not JSON: {_told(problem)}", code="bad_json") from problem
    try:
        cleaned = clean(value)
    except DataError as problem:
        path = _under_body(problem.path)
        raise Invalid.at(path, problem.message, code="bad_data") from problem
    _check_keys_and_numbers(body)
    return cleaned


def _told(problem: ValueError) -> str:
    """The reader says that memory is short when brackets are opened by the hundred and never closed."""
    return str(problem).replace("failed to allocate memory", "brackets are opened that nothing closes")


def _check_keys_and_numbers(body: bytes) -> None:
    """orjson keeps the last of two equal keys and makes floats of long integers; both would be silent loss."""
    try:
        json.loads(body, object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant)
    except _Refused as problem:
        raise Invalid.at("body", str(problem), code="bad_data") from problem
    except ValueError as problem:
        raise BadRequest(f"the body is not JSON: {problem}", code="bad_json") from problem


def _object(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise _Refused(f"the key {key!r} stands twice in one object")
        seen.add(key)


def _integer(digits: str) -> int:
    if len(digits) > 20 or int(digits) not in _INT64:
        raise _Refused(f"the number {digits[:24]} does not fit in 64 bits")
    return 0


def _constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is not JSON")


def _under_body(path: str) -> str:
    bare = path.lstrip("$").lstrip(".")
    if not bare:
        return "body"
    return f"body{bare}" if bare.startswith("[") else f"body.{bare}"
