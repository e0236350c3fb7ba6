"""Filters that change the shape of nested data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attune_core.expressions.failures import MissingName, fail
from attune_core.expressions.filters.registry import elements, filter_named, whole
from attune_core.expressions.frame import Frame
from attune_core.expressions.limits import PATTERN_CHARS, VALUE_DEPTH
from attune_core.expressions.scope import MISSING
from attune_core.expressions.values import member

STEP = re.compile(
    r"""\.?(?:(?P<name>[^.\[\]'"*\s]+)|(?P<all>\[\*\]|\*)|\[(?P<at>-?\d{1,9})\]|\[(['"])(?P<key>.*?)\4\])"""
)


@filter_named("flatten")
def flatten(frame: Frame, value: Any, levels: int | None = None) -> list[Any]:
    """The elements of lists inside lists, in order; `levels` bounds how deep."""
    depth = VALUE_DEPTH if levels is None else whole(levels, "The levels of flatten", most=VALUE_DEPTH)
    flat = elements(frame, value, "flatten")
    for _ in range(depth):
        if not any(isinstance(item, list | tuple) for item in flat):
            break
        flat = _one_level(frame, flat)
    return flat


def _one_level(frame: Frame, items: list[Any]) -> list[Any]:
    flat: list[Any] = []
    for item in items:
        below = item if isinstance(item, list | tuple) else (item,)
        frame.charge(1 + len(below))
        flat.extend(below)
    return flat


@filter_named("zip")
def zipped(frame: Frame, value: Any, *others: Any) -> list[list[Any]]:
    """Lists of the elements at the same place; as long as the shortest."""
    rows = [elements(frame, row, "zip") for row in (value, *others)]
    frame.charge((2 + len(rows)) * min(map(len, rows)))
    return [list(column) for column in zip(*rows, strict=False)]


@filter_named("json_path")
def json_path(frame: Frame, value: Any, path: Any, default: Any = MISSING) -> Any:
    """What stands at `a.b[0]`; with `[*]` the list of all that stand there."""
    found = [value]
    several = False
    for key in _steps(path):
        several = several or key is None
        found = _below(frame, found, key)
    if several:
        return found
    if found:
        return found[0]
    if default is MISSING:
        raise MissingName("the value", value, path)
    return default


def _steps(path: Any) -> list[str | int | None]:
    """Keys, positions, and None for `[*]`."""
    if not isinstance(path, str) or len(path) > PATTERN_CHARS:
        fail("wrong_value", "A path is a text such as 'a.b[0]'")
    steps: list[str | int | None] = []
    at = 1 if path.startswith("$") else 0
    while at < len(path):
        step = STEP.match(path, at)
        if step is None:
            fail(
                "wrong_value",
                f"The path {path[:80]!r} cannot be read at {path[at : at + 20]!r}",
                "a.b[0] or a[*].b",
            )
        steps.append(_key(step))
        at = step.end()
    return steps


def _key(step: re.Match[str]) -> str | int | None:
    if step["all"]:
        return None
    if step["at"] is not None:
        return int(step["at"])
    return step["name"] if step["key"] is None else step["key"]


def _below(frame: Frame, values: list[Any], key: str | int | None) -> list[Any]:
    below: list[Any] = []
    for value in values:
        frame.charge(2)
        if key is None:
            below.extend(_all(frame, value))
            continue
        try:
            below.append(member(value, key))
        except LookupError:
            continue
    return below


def _all(frame: Frame, value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        frame.charge(len(value))
        return list(value.values())
    return elements(frame, value, "json_path") if isinstance(value, list | tuple) else []
