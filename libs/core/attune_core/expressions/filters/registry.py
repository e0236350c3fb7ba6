"""The table of filters, and how they look at their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from attune_core.expressions.failures import fail, kind
from attune_core.expressions.frame import Frame
from attune_core.expressions.secrets import Secret
from attune_core.expressions.values import is_number, refuse_secret, text_of

Filter: TypeAlias = Callable[..., Any]
"""Called with the frame, the value and the arguments as written. It charges for what it moves."""

FILTERS: dict[str, Filter] = {}
SECRET_FILTERS: set[str] = set()

Registered = TypeVar("Registered", bound=Filter)


def filter_named(*names: str, secrets: bool = False) -> Callable[[Registered], Registered]:
    """Register a filter. `secrets`: it can pass a secret on without reading it."""

    def register(function: Registered) -> Registered:
        for name in names:
            FILTERS[name] = function
        if secrets:
            SECRET_FILTERS.update(names)
        return function

    return register


def text(frame: Frame, value: Any, use: str) -> str:
    """Text, or a scalar written as text; a list or map is refused. Charged as a copy."""
    if isinstance(value, str):
        frame.room(len(value))
        return value
    if isinstance(value, Secret):
        refuse_secret()
    if isinstance(value, list | tuple | Mapping):
        fail("wrong_type", f"`{use}` needs text, not a {kind(value)}", "write it as text first: | to_json")
    return text_of(frame, value)


def elements(frame: Frame, value: Any, use: str) -> list[Any]:
    """The elements of a list, the keys of a map or the characters of a text, as a new list. Charged."""
    if isinstance(value, list | tuple | Mapping | str):
        frame.charge(1 + (len(value) >> 2))
        return list(value)
    if isinstance(value, Secret):
        refuse_secret()
    fail("wrong_type", f"`{use}` needs a list, not {kind(value)}")


def mapping(frame: Frame, value: Any, use: str) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        frame.charge(len(value))
        return value
    if isinstance(value, Secret):
        refuse_secret()
    fail("wrong_type", f"`{use}` needs a map, not {kind(value)}")


def whole(value: Any, use: str, least: int = 0, most: int = 1_000_000) -> int:
    """A whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int):
        fail("wrong_type", f"{use} is a whole number, not {kind(value)}")
    if not least <= value <= most:
        fail("wrong_value", f"{use} lies between {least} and {most}")
    return value


def numeric(value: Any, use: str) -> Any:
    if not is_number(value):
        fail("wrong_type", f"`{use}` needs a number, not {kind(value)}", "convert it: | int or | float")
    return value
