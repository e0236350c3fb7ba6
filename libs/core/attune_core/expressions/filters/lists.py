"""Filters on lists: choose, order and count elements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_core.expressions.failures import Absent, MissingName, fail, kind
from attune_core.expressions.filters.keys import by, identity, sortable, steps
from attune_core.expressions.filters.registry import elements, filter_named, whole
from attune_core.expressions.frame import Frame
from attune_core.expressions.operators import equal
from attune_core.expressions.scope import MISSING
from attune_core.expressions.secrets import Secret
from attune_core.expressions.values import refuse_secret, text_of


@filter_named("length", "count")
def length(frame: Frame, value: Any) -> int:
    if isinstance(value, str | list | tuple | Mapping):
        return len(value)
    if isinstance(value, Secret):
        refuse_secret()
    fail("wrong_type", f"`length` needs a list, a map or text, not {kind(value)}")


@filter_named("first")
def first(frame: Frame, value: Any) -> Any:
    return _end(frame, value, "first", 0)


@filter_named("last")
def last(frame: Frame, value: Any) -> Any:
    return _end(frame, value, "last", -1)


def _end(frame: Frame, value: Any, use: str, position: int) -> Any:
    if isinstance(value, Mapping):
        value = elements(frame, value, use)
    if not isinstance(value, str | list | tuple):
        fail("wrong_type", f"`{use}` needs a list, not {kind(value)}")
    if not value:
        raise MissingName(use, Absent(f"of an empty {kind(value)} is nothing", "use default() or test its length"), 0)
    return value[position]


@filter_named("list")
def as_list(frame: Frame, value: Any) -> list[Any]:
    return elements(frame, value, "list")


@filter_named("reverse")
def reverse(frame: Frame, value: Any) -> Any:
    if isinstance(value, str):
        frame.room(len(value))
        return value[::-1]
    return elements(frame, value, "reverse")[::-1]


@filter_named("join")
def join(frame: Frame, value: Any, d: str = "", attribute: Any = None) -> str:
    """The elements as text, with `d` between them."""
    found = by(frame, elements(frame, value, "join"), attribute)
    between = text_of(frame, d)
    frame.charge(len(found) * 2)
    written = [text_of(frame, item) for item in found]
    frame.room(sum(map(len, written)) + len(between) * len(written))
    return between.join(written)


@filter_named("sort")
def sort(
    frame: Frame, value: Any, reverse: bool = False, case_sensitive: bool = False, attribute: Any = None
) -> list[Any]:
    items = elements(frame, value, "sort")
    keys = sortable(frame, by(frame, items, attribute), case_sensitive)
    order = sorted(range(len(items)), key=keys.__getitem__, reverse=bool(reverse))
    return [items[position] for position in order]


@filter_named("unique")
def unique(frame: Frame, value: Any, case_sensitive: bool = False, attribute: Any = None) -> list[Any]:
    """The first of each kind, in order."""
    items = elements(frame, value, "unique")
    frame.charge(len(items) * 3)
    seen: dict[Any, Any] = {}
    for item, key in zip(items, by(frame, items, attribute), strict=True):
        seen.setdefault(identity(frame, key, case_sensitive), item)
    return list(seen.values())


@filter_named("min")
def least(frame: Frame, value: Any, case_sensitive: bool = False, attribute: Any = None) -> Any:
    order = sort(frame, value, False, case_sensitive, attribute)
    return first(frame, order)


@filter_named("max")
def greatest(frame: Frame, value: Any, case_sensitive: bool = False, attribute: Any = None) -> Any:
    order = sort(frame, value, False, case_sensitive, attribute)
    return last(frame, order)


@filter_named("batch")
def batch(frame: Frame, value: Any, size: int, fill_with: Any = None) -> list[list[Any]]:
    """Lists of `size` elements; the last is filled up when `fill_with` is given."""
    items = elements(frame, value, "batch")
    width = whole(size, "The size of batch", least=1)
    batches = [items[start : start + width] for start in range(0, len(items), width)]
    if fill_with is not None and batches:
        missing = width - len(batches[-1])
        frame.charge(missing)
        batches[-1].extend([fill_with] * missing)
    return batches


@filter_named("filter")
def matching(frame: Frame, value: Any, **wanted: Any) -> list[Any]:
    """The maps whose keys have these values: `filter(enabled=true, region='eu')`."""
    items = elements(frame, value, "filter")
    frame.charge(len(items) * 6 * max(1, len(wanted)))
    return [item for item in items if _has(frame, item, wanted)]


def _has(frame: Frame, item: Any, wanted: Mapping[str, Any]) -> bool:
    for key, value in wanted.items():
        found = item.get(key, MISSING) if isinstance(item, Mapping) else MISSING
        if found is MISSING or not equal(frame, found, value):
            return False
    return True


@filter_named("groupby")
def groupby(
    frame: Frame, value: Any, attribute: Any, default: Any = MISSING, case_sensitive: bool = False
) -> list[dict[str, Any]]:
    """Lists of elements with one value of the attribute: `[{grouper, list}]`, sorted by the value."""
    items = elements(frame, value, "groupby")
    steps(attribute)
    keys = by(frame, items, attribute, default)
    frame.charge(len(items) * 7)
    groups: dict[Any, dict[str, Any]] = {}
    for item, key in zip(items, keys, strict=True):
        stand_in = identity(frame, key, case_sensitive)
        groups.setdefault(stand_in, {"grouper": key, "list": []})["list"].append(item)
    return sort(frame, list(groups.values()), False, case_sensitive, "grouper")
