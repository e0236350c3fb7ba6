"""How the filters on lists find what they sort, group and compare by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attune_core.expressions.failures import MissingName, fail, kind
from attune_core.expressions.frame import Frame, measure
from attune_core.expressions.limits import PATTERN_CHARS
from attune_core.expressions.scope import MISSING
from attune_core.expressions.values import member, plain


def steps(attribute: Any) -> list[str | int]:
    """`a.b.0` as keys and positions. A position is a number."""
    if isinstance(attribute, int) and not isinstance(attribute, bool):
        return [attribute]
    if not isinstance(attribute, str) or not attribute or len(attribute) > PATTERN_CHARS:
        fail("wrong_type", f"An attribute is a name such as 'a.b', not {kind(attribute)}")
    found: list[str | int] = []
    for name in attribute.split("."):
        if name.startswith("__"):
            fail("forbidden_expression", f"{name!r} starts with underscores, which no name may")
        found.append(int(name) if name.isdecimal() and len(name) < 10 else name)
    return found


def reach(value: Any, path: list[str | int]) -> Any:
    """What stands at the path, or MISSING."""
    for key in path:
        try:
            value = member(value, str(key) if isinstance(value, Mapping) else key)
        except LookupError:
            return MISSING
    return value


def column(frame: Frame, items: list[Any], attribute: Any) -> list[Any]:
    """The attribute of each item, MISSING where it is not; the items themselves without one."""
    if attribute is None:
        return items
    path = steps(attribute)
    frame.charge(len(items) * (2 * len(path) - 1))
    return _column(items, path[0]) if len(path) == 1 else [reach(item, path) for item in items]


def by(frame: Frame, items: list[Any], attribute: Any, default: Any = MISSING) -> list[Any]:
    """The attribute of each item. Errors: MissingName where it is missing and there is no default."""
    found = column(frame, items, attribute)
    if default is not MISSING:
        return [default if value is MISSING else value for value in found]
    for item, value in zip(items, found, strict=True):
        if value is MISSING:
            raise MissingName("an element", item, attribute)
    return found


def _column(items: list[Any], key: str | int) -> list[Any]:
    """One key of many maps: the common case, without a call per element."""
    path = [key]
    return [item[key] if type(item) is dict and key in item else reach(item, path) for item in items]


def sortable(frame: Frame, values: list[Any], case_sensitive: bool) -> list[Any]:
    """Keys to sort by, charged for the comparisons that a sort makes."""
    chars = sum(len(value) for value in values if isinstance(value, str))
    rounds = max(1, len(values).bit_length())
    frame.charge(len(values) * rounds // 6 + (chars >> 4) + (chars >> 9) * rounds)
    _weigh(frame, values, rounds)
    if case_sensitive:
        return values
    return [value.lower() if isinstance(value, str) else value for value in values]


def _weigh(frame: Frame, values: list[Any], rounds: int) -> None:
    """Lists are compared element by element, again and again."""
    before = frame.fuel
    for value in values:
        if isinstance(value, list | tuple):
            measure(frame, value)
    frame.charge((before - frame.fuel) * rounds >> 2)


def identity(frame: Frame, value: Any, case_sensitive: bool) -> Any:
    """A hashable stand-in that is equal exactly for equal values."""
    if isinstance(value, str):
        frame.charge(len(value) >> 4)
        return value if case_sensitive else value.lower()
    if isinstance(value, list | tuple | Mapping):
        measure(frame, value)
        return ("json", json.dumps(value, sort_keys=True, default=plain))
    return value
