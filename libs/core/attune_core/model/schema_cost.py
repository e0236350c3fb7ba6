"""Bounds what validating one value may cost: references can multiply (`a: allOf [b, b]`, `b: allOf [c, c]`, ...).

References that come back to themselves are fine as long as no place of the data is visited twice by the same
one: trees are, `allOf: [#, #]` is not. All others are counted as if they were written out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from attune_core.model.parameters import subschemas

_MOST: Final = 5_000
_COST: Final = ""
"""The key of a Counter under which the size of the written out schema is summed."""
_IN_PLACE: Final = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"})
_DEFINITIONS: Final = frozenset({"$defs", "definitions"})


class _TooMuch(Exception):
    pass


def too_costly(schema: Mapping[str, Any]) -> bool:
    """Whether some value could make the validation explode."""
    try:
        _Cost(schema).check()
    except (_TooMuch, RecursionError):
        return True
    return False


class _Cost:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._known: dict[str, Counter[str]] = {}
        self._steps = 0

    def check(self) -> None:
        self._visits(self._root, ())
        for target in list(self._targets(self._root)):
            self._of_target(target, ())

    def _targets(self, schema: Any) -> set[str]:
        found: set[str] = set()
        if isinstance(schema, Mapping):
            if isinstance(schema.get("$ref"), str):
                found.add(schema["$ref"])
            for _, part in subschemas(schema):
                found |= self._targets(part)
        return found

    def _of_target(self, target: str, open_: tuple[str, ...]) -> Counter[str]:
        """Recursive references that one visit of the target leads to, one level of data below or here."""
        if target in open_:
            return Counter({target: 1, _COST: 1})
        if target not in self._known:
            self._known[target] = self._visits(self._resolve(target), (*open_, target))
        return self._known[target]

    def _visits(self, schema: Any, open_: tuple[str, ...]) -> Counter[str]:
        self._steps += 1
        if self._steps > _MOST:
            raise _TooMuch
        if not isinstance(schema, Mapping):
            return Counter({_COST: 1})
        here = Counter({_COST: 1})
        below: dict[str, Counter[str]] = {}
        if isinstance(schema.get("$ref"), str):
            here += self._of_target(schema["$ref"], open_)
        for step, part in subschemas(schema):
            if step[0] in _DEFINITIONS:
                continue
            visits = self._visits(part, open_)
            if step[0] in _IN_PLACE:
                here += visits
            else:
                self._below(below, str(step[-1]) if step[0] == "properties" else "*", visits)
        return _bounded(here + _widest(below))

    def _below(self, below: dict[str, Counter[str]], slot: str, visits: Counter[str]) -> None:
        below[slot] = below.get(slot, Counter()) + visits

    def _resolve(self, target: str) -> Any:
        found: Any = self._root
        for step in target.removeprefix("#").strip("/").split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, Mapping) else None
        return found


def _widest(below: dict[str, Counter[str]]) -> Counter[str]:
    every = below.pop("*", Counter())
    widest: Counter[str] = Counter()
    cost = 0
    for visits in below.values():
        widest |= visits
        cost += visits[_COST]
    widest[_COST] = cost
    return widest + every


def _bounded(visits: Counter[str]) -> Counter[str]:
    if any(count > (_MOST if target == _COST else 1) for target, count in visits.items()):
        raise _TooMuch
    return visits
