"""Filters between values and their encodings."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any, NoReturn
from urllib.parse import quote

from attune_core.expressions.arithmetic import is_clean
from attune_core.expressions.failures import fail, kind
from attune_core.expressions.filters.registry import filter_named, text, whole
from attune_core.expressions.formats import read_json, read_yaml, write_yaml
from attune_core.expressions.frame import Frame
from attune_core.expressions.secrets import Encoding, Secret
from attune_core.expressions.values import json_text


@filter_named("from_json")
def from_json(frame: Frame, value: Any) -> Any:
    return read_json(frame, _written(frame, value, "from_json"))


@filter_named("to_json", "tojson")
def to_json(frame: Frame, value: Any, indent: int | None = None) -> str:
    width = None if indent is None else whole(indent, "The indent of to_json", most=8)
    return frame.text(json_text(frame, value, width))


@filter_named("from_yaml")
def from_yaml(frame: Frame, value: Any) -> Any:
    return read_yaml(frame, _written(frame, value, "from_yaml"))


@filter_named("to_yaml")
def to_yaml(frame: Frame, value: Any) -> str:
    return frame.text(write_yaml(frame, value))


@filter_named("b64encode", secrets=True)
def b64encode(frame: Frame, value: Any) -> str | Secret:
    if isinstance(value, Secret):
        return value.encoded(Encoding.BASE64)
    return frame.text(base64.b64encode(text(frame, value, "b64encode").encode()).decode())


@filter_named("b64decode")
def b64decode(frame: Frame, value: Any) -> str:
    """Errors: ExpressionError when it is not base64, or not of UTF-8 text."""
    written = "".join(_written(frame, value, "b64decode").split())
    try:
        decoded = base64.b64decode(written, validate=True).decode()
    except (binascii.Error, ValueError):
        _unreadable("base64 of text")
    if not is_clean(decoded):
        _unreadable("base64 of text")
    return decoded


@filter_named("urlencode", secrets=True)
def urlencode(frame: Frame, value: Any) -> str | Secret:
    """Text with everything but letters, digits and `/` encoded; a map or a list of pairs as a query."""
    if isinstance(value, Secret):
        return value.encoded(Encoding.URL)
    if isinstance(value, dict | list | tuple):
        pairs = list(value.items()) if isinstance(value, dict) else value
        frame.charge(len(pairs) * 2)
        return frame.text("&".join(_pair(frame, pair) for pair in pairs))
    return _quoted(frame, value, "/")


def _pair(frame: Frame, pair: Any) -> str:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        fail("wrong_type", f"`urlencode` needs text, a map or a list of pairs, not a list of {kind(pair)}")
    return f"{_quoted(frame, pair[0], '')}={_quoted(frame, pair[1], '')}"


def _quoted(frame: Frame, value: Any, safe: str) -> str:
    written = text(frame, value, "urlencode")
    frame.charge(len(written) >> 1)
    return frame.text(quote(written, safe=safe))


@filter_named("sha256")
def sha256(frame: Frame, value: Any) -> str:
    """The hexadecimal digest of the text in UTF-8."""
    return hashlib.sha256(text(frame, value, "sha256").encode()).hexdigest()


def _written(frame: Frame, value: Any, use: str) -> str:
    if not isinstance(value, str):
        fail("wrong_type", f"`{use}` needs text, not {kind(value)}")
    return text(frame, value, use)


def _unreadable(wanted: str) -> NoReturn:
    fail("wrong_value", f"The text is not {wanted}")
