"""The comparisons of criteria. Each takes (found, wanted) and may raise OperandError; none looks at the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attune_core.rules.patterns import finds, wildcard_matches
from attune_core.rules.times import seconds_ago

Operator = Callable[[Any, Any], bool]


class OperandError(ValueError):
    """The operator does not work on such values; the text says why."""


_PLAIN: Final = (str, int, float)


def equals(found: Any, wanted: Any) -> bool:
    """Equality of JSON: true is not 1, 1 is 1.0, maps and lists by content."""
    if type(found) is type(wanted) and type(found) in _PLAIN:
        return bool(found == wanted)
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        return found.keys() == wanted.keys() and all(equals(found[key], wanted[key]) for key in found)
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(equals, found, wanted))
    return bool(type(found) is type(wanted) or _are_numbers(found, wanted)) and bool(found == wanted)


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _iequals(found: Any, wanted: Any) -> bool:
    return equals(_folded(found), _folded(wanted))


def _folded(value: Any) -> Any:
    if isinstance(value, str):
        return value.casefold()
    return [_folded(entry) for entry in value] if isinstance(value, list) else value


def _contains(found: Any, wanted: Any) -> bool:
    """A text in a text, an element in a list, a key in a map."""
    match found:
        case None:
            return False
        case str():
            return _text(wanted, "the value") in found
        case list():
            return any(equals(entry, wanted) for entry in found)
        case Mapping():
            return isinstance(wanted, str) and wanted in found
        case _:
            raise OperandError(f"{_kind(found)} cannot contain anything")


def _icontains(found: Any, wanted: Any) -> bool:
    folded = {key.casefold(): value for key, value in found.items()} if isinstance(found, Mapping) else _folded(found)
    return _contains(folded, _folded(wanted))


def _inside(found: Any, wanted: Any) -> bool:
    return _contains(wanted, found)


def _starts(found: Any, wanted: Any) -> bool:
    return _text(found, "what was found").startswith(_text(wanted, "the value"))


def _ends(found: Any, wanted: Any) -> bool:
    return _text(found, "what was found").endswith(_text(wanted, "the value"))


def _istarts(found: Any, wanted: Any) -> bool:
    return _starts(_folded(found), _folded(wanted))


def _iends(found: Any, wanted: Any) -> bool:
    return _ends(_folded(found), _folded(wanted))


def _less(found: Any, wanted: Any) -> bool:
    _check_order(found, wanted)
    return bool(found < wanted)


def _greater(found: Any, wanted: Any) -> bool:
    _check_order(found, wanted)
    return bool(found > wanted)


def _check_order(found: Any, wanted: Any) -> None:
    if not (_are_numbers(found, wanted) or (isinstance(found, str) and isinstance(wanted, str))):
        raise OperandError(f"{_kind(found)} and {_kind(wanted)} have no order")


def _wildcard(found: Any, wanted: Any) -> bool:
    return wildcard_matches(_text(wanted, "the value"), _text(found, "what was found"))


def _regex(found: Any, wanted: Any) -> bool:
    return finds(_text(wanted, "the value"), _text(found, "what was found"))


def _iregex(found: Any, wanted: Any) -> bool:
    return finds(_text(wanted, "the value"), _text(found, "what was found"), ignore_case=True)


def _not(operator: Operator) -> Operator:
    return lambda found, wanted: not operator(found, wanted)


def _text(value: Any, role: str) -> str:
    if not isinstance(value, str):
        raise OperandError(f"{role} is {_kind(value)}, and text is needed")
    return value


def _kind(value: Any) -> str:
    names = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "a map"}
    return "null" if value is None else names.get(type(value), "a value")


OPERATORS: Final[Mapping[str, Operator]] = {
    "equals": equals,
    "nequals": _not(equals),
    "iequals": _iequals,
    "inequals": _not(_iequals),
    "contains": _contains,
    "icontains": _icontains,
    "ncontains": _not(_contains),
    "incontains": _not(_icontains),
    "startswith": _starts,
    "istartswith": _istarts,
    "endswith": _ends,
    "iendswith": _iends,
    "lessthan": _less,
    "greaterthan": _greater,
    "inside": _inside,
    "ninside": _not(_inside),
    "matchwildcard": _wildcard,
    "regex": _regex,
    "iregex": _iregex,
}
TIME_OPERATORS: Final = ("timediff_lt", "timediff_gt")
PRESENCE_OPERATORS: Final = ("exists", "nexists")
SEARCH: Final = "search"
ALIASES: Final[Mapping[str, str]] = {
    "eq": "equals",
    "neq": "nequals",
    "ieq": "iequals",
    "ineq": "inequals",
    "lt": "lessthan",
    "gt": "greaterthan",
    "td_lt": "timediff_lt",
    "td_gt": "timediff_gt",
    "in": "inside",
    "nin": "ninside",
    "match": "matchwildcard",
    "matchregex": "regex",
}
NAMES: Final = (*OPERATORS, *TIME_OPERATORS, *PRESENCE_OPERATORS, SEARCH, *ALIASES)
ABSENT_IS_NULL: Final = frozenset({"nequals", "inequals", "ncontains", "incontains", "ninside"})
"""These hold for a path that does not exist; all others then fail."""


def compare_time(name: str, found: Any, wanted: Any, now: str) -> bool:
    """Whether `found` lies less (more) than `wanted` seconds before `now`. Errors: OperandError."""
    if not _are_numbers(wanted):
        raise OperandError(f"the value is {_kind(wanted)}, and seconds are needed")
    try:
        age = seconds_ago(found, now)
    except ValueError as error:
        raise OperandError(str(error)) from None
    return bool(age < wanted if name == "timediff_lt" else age > wanted)
