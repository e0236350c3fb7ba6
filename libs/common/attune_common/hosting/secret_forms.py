"""The forms in which programs write a text: plain, quoted, escaped, encoded, in lines of their own."""

from __future__ import annotations

import base64
import html
import json
import shlex
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 4
"""Characters. What is shorter is only hidden where it stands alone: it would be found in everything."""

_SHORTEST_LINE = 8
_SHORTEST_CORE = 6
_WRAPS = (76, 64)
_LONGEST_OF_LINES = 64 * 1024
"""Of a longer text the lines are not looked for one by one."""


def forms(value: str) -> set[bytes]:
    """The texts that programs make of a value. None for one that is too short to look for."""
    if len(value) < SHORTEST:
        return set()
    found = set(_texts(value))
    if len(value) <= _LONGEST_OF_LINES:
        found |= {line for form in list(found) for line in form.splitlines()}
    plain = value.encode("utf-8", "surrogatepass")
    codes = set(_base64(plain)) | {plain.hex().encode(), plain.hex().upper().encode()}
    keep = {form.encode("utf-8", "surrogatepass") for form in found if form == value or len(form) >= _SHORTEST_LINE}
    return keep | codes


def _texts(value: str) -> Iterator[str]:
    yield value
    escaped = json.dumps(value)[1:-1]
    for form in (escaped, json.dumps(value, ensure_ascii=False)[1:-1]):
        yield form
        yield json.dumps(form)[1:-1]
    yield repr(value)[1:-1]
    yield html.escape(value)
    yield shlex.quote(value)[1:-1] if shlex.quote(value) != value else value
    for form in (quote(value, safe="/"), quote(value, safe=""), quote_plus(value), quote(value, safe="~()*!'")):
        yield form
        yield _lower_escapes(form)


def _lower_escapes(text: str) -> str:
    """`%2F` as `%2f`."""
    first, *rest = text.split("%")
    return first + "".join("%" + part[:2].lower() + part[2:] for part in rest)


def _base64(plain: bytes) -> Iterator[bytes]:
    """As it is, and in the middle of something else: three ways to stand between the groups of three bytes."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(plain)
        yield whole
        for width in _WRAPS if len(plain) <= _LONGEST_OF_LINES else ():
            lines = (whole[start : start + width] for start in range(0, len(whole), width))
            yield from (line for line in lines if len(line) >= _SHORTEST_LINE)
        for before in range(3):
            bits = 8 * (before + len(plain))
            core = encode(b"\0" * before + plain)[(8 * before + 5) // 6 : bits // 6]
            if len(core) >= _SHORTEST_CORE:
                yield core
