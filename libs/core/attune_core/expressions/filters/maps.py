"""Filters on maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_core.expressions.failures import fail
from attune_core.expressions.filters.keys import sortable
from attune_core.expressions.filters.registry import filter_named, mapping
from attune_core.expressions.frame import Frame
from attune_core.expressions.limits import VALUE_DEPTH


@filter_named("keys")
def keys(frame: Frame, value: Any) -> list[str]:
    return list(mapping(frame, value, "keys"))


@filter_named("values")
def values(frame: Frame, value: Any) -> list[Any]:
    return list(mapping(frame, value, "values").values())


@filter_named("items")
def items(frame: Frame, value: Any) -> list[list[Any]]:
    """`[[key, value]]` in the order of the map."""
    return [[key, found] for key, found in mapping(frame, value, "items").items()]


@filter_named("dictsort")
def dictsort(
    frame: Frame, value: Any, case_sensitive: bool = False, by: str = "key", reverse: bool = False
) -> list[list[Any]]:
    """`[[key, value]]` sorted by key or by value."""
    if by not in ("key", "value"):
        fail("wrong_value", "dictsort sorts by 'key' or by 'value'")
    pairs = items(frame, value)
    order = sortable(frame, [pair[by == "value"] for pair in pairs], case_sensitive)
    return [pairs[place] for place in sorted(range(len(pairs)), key=order.__getitem__, reverse=bool(reverse))]


@filter_named("merge")
def merge(frame: Frame, value: Any, *others: Any, recursive: bool = False) -> dict[str, Any]:
    """The maps in one; of equal keys the last wins, or with `recursive` their maps are merged too."""
    merged = dict(mapping(frame, value, "merge"))
    for other in others:
        added = mapping(frame, other, "merge")
        merged = _deep(frame, merged, added, VALUE_DEPTH) if recursive else {**merged, **added}
        frame.charge(len(merged))
    return merged


def _deep(frame: Frame, left: Mapping[str, Any], right: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if depth == 0:
        fail("too_deep", "`merge` of maps that are nested too deep")
    frame.charge(len(left) + len(right) + 10)
    merged = dict(left)
    for key, value in right.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            value = _deep(frame, below, value, depth - 1)
        merged[key] = value
    return merged
