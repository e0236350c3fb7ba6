"""What must never stand in a log line: values under names of secrets, tokens, passwords inside addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "********"
_NAMES = re.compile(
    r"(?:^|[_.-])(?:password|passwd|passphrase|secrets?|tokens?|(?:api|access|private|master)[_-]?keys?|"
    r"authorization|cookies?|set-cookie|credentials?|signature)$",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\batt_([A-Za-z0-9-]{4,64})_[A-Za-z0-9_-]{16,256}")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+")
_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^\s/:@'\"]*):[^\s/@'\"]+@")
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_DEEPEST = 8


def hidden(event: dict[str, Any]) -> dict[str, Any]:
    """The same line of a log without them. Flags and counts under such names stay: they say nothing."""
    return {name: _member(name, value, 0) for name, value in event.items()}


def hidden_text(text: str) -> str:
    """Tokens keep their public id, addresses their user."""
    text = _USERINFO.sub(rf"\1:{MASK}@", text)
    text = _TOKEN.sub(rf"att_\1_{MASK}", text)
    return _BEARER.sub(rf"\1 {MASK}", _JWT.sub(MASK, text))


def _member(name: str, value: Any, depth: int) -> Any:
    if _NAMES.search(name) and value not in (None, "") and not isinstance(value, bool | int | float):
        return MASK
    return _value(value, depth)


def _value(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return hidden_text(value)
    if depth >= _DEEPEST:
        return MASK
    if isinstance(value, Mapping):
        return {key: _member(str(key), member, depth + 1) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_value(member, depth + 1) for member in value]
    return value if value is None or isinstance(value, bool | int | float) else hidden_text(str(value))
