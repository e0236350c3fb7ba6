"""Parameters in, result out: one JSON document each, on stdin and on the descriptor that the worker names."""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def read_parameters() -> dict[str, Any]:
    """The action's parameters. Errors: ValueError when stdin has no JSON object."""
    parameters = json.loads(sys.stdin.buffer.read() or b"{}")
    if not isinstance(parameters, dict):
        raise ValueError("the parameters on stdin are not a JSON object")
    return parameters


def write_result(value: Any) -> None:
    """Give `value` as the result; the last call counts. Outside of the platform it is printed on stdout."""
    _write(encode(value))


def write_error(error: dict[str, Any]) -> None:
    """Say why the action fails; it counts when the process then ends with another status than 0."""
    _write(encode({"error": error}))


def encode(value: Any) -> bytes:
    """JSON for more than JSON knows: dates, paths, sets, decimals, dataclasses. Errors: TypeError."""
    return json.dumps(value, default=_plain, separators=(",", ":")).encode()


def _write(document: bytes) -> None:
    name = os.environ.get("ATTUNE_RESULT_FD", "")
    if not name.isdigit():
        sys.stdout.write(document.decode() + "\n")
        return
    descriptor = int(name)
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    view = memoryview(document)
    while view:
        view = view[os.write(descriptor, view) :]


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "__fspath__"):
        return os.fspath(value)
    return _plain_object(value)


def _plain_object(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    if hasattr(value, "as_tuple") and hasattr(value, "quantize"):
        return str(value)
    if hasattr(value, "_asdict"):
        return value._asdict()
    raise TypeError(f"{type(value).__name__} has no form in JSON: {value!r:.200}")
