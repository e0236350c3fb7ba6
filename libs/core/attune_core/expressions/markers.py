"""Values with secrets in them as JSON: a marker stands for each, and a list of places tells markers from data.

Data may look like a marker (an answer of another system, a payload). Only what stands at a listed place is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attune_core.expressions.secrets import MARK, Secret, from_json

Place = tuple[str | int, ...]
Places = list[list[str | int]]

MASK = "********"
_LEAVES = frozenset({str, int, float, bool, type(None)})


def encode(value: Any) -> tuple[Any, Places]:
    """The JSON with markers, and their places. A value without secrets is given back as it is."""
    if not holds_secret(value):
        return value, []
    places: Places = []
    return _encode(value, (), places), places


def _encode(value: Any, place: Place, places: Places) -> Any:
    if type(value) is Secret:
        places.append(list(place))
        return value.to_json()
    if isinstance(value, Mapping):
        made = {key: _encode(member, (*place, key), places) for key, member in value.items()}
        return made if any(made[key] is not member for key, member in value.items()) else value
    if isinstance(value, list | tuple):
        items = [_encode(member, (*place, index), places) for index, member in enumerate(value)]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    return value


def decode(value: Any, places: Iterable[Sequence[str | int]] | None) -> Any:
    """The reverse of `encode`. Errors: LookupError, TypeError or ValueError when the places do not fit."""
    for place in places or ():
        value = _put(value, tuple(place))
    return value


def _put(value: Any, place: Place) -> Any:
    if not place:
        return from_json(value)
    step, rest = place[0], place[1:]
    if isinstance(value, list) and isinstance(step, int):
        return [*value[:step], _put(value[step], rest), *value[step + 1 :]]
    return {**value, str(step): _put(value[step], rest)}


def holds_secret(value: Any) -> bool:
    """Whether there is a secret anywhere in the value."""
    kind = type(value)
    if kind in _LEAVES:
        return False
    if kind is dict or isinstance(value, Mapping):
        return any(holds_secret(member) for member in value.values() if type(member) not in _LEAVES)
    if isinstance(value, list | tuple):
        return any(holds_secret(member) for member in value if type(member) not in _LEAVES)
    return kind is Secret


def masked(value: Any) -> Any:
    """For people: stars instead of markers, and instead of what only looks like one."""
    if type(value) is Secret:
        return MASK
    if isinstance(value, Mapping):
        return MASK if set(value) == {MARK} else {key: masked(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [masked(member) for member in value]
    return value
