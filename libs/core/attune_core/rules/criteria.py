"""Criteria as a tree of frozen values, and what is wrong with one that a user wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from attune_core.expressions.render import Condition, ExpressionError, Value
from attune_core.model.fault import Fault
from attune_core.model.names import did_you_mean, shown
from attune_core.model.validators import Path
from attune_core.rules.keys import CONDITIONS, GROUPS, TEST
from attune_core.rules.operators import ALIASES, NAMES, PRESENCE_OPERATORS, SEARCH, TIME_OPERATORS
from attune_core.rules.paths import PathError, Steps, parse_item_path, parse_path
from attune_core.rules.patterns import PatternError, check_wildcard, compiled
from attune_core.rules.scope import rule_condition, rule_value

_DEEPEST: Final = 40
_MOST_FAULTS: Final = 100
_NEEDS_NO_VALUE: Final = frozenset(PRESENCE_OPERATORS)


@dataclass(frozen=True, slots=True)
class Test:
    """`template` is set when the wanted value holds templates. `said` is the test in words, without that value."""

    steps: Steps
    written: str
    operator: str
    value: Any = None
    template: Value | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """The criteria hold for any (or all) elements of the list at the path; their paths start with `item`."""

    steps: Steps
    written: str
    every: bool
    inner: Criteria


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple[Criteria, ...]


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple[Criteria, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    part: Criteria


@dataclass(frozen=True, slots=True)
class When:
    condition: Condition


Criteria = Test | Search | Every | Some | Negated | When


def read_criteria(raw: Any) -> tuple[Criteria, list[Fault]]:
    """The tree of what was written, and every fault in it. With a fault the tree must not be used."""
    reader = _Reader()
    if isinstance(raw, Mapping) and set(raw) == {"when"}:
        return reader.when(raw["when"], ("when",)), reader.faults
    return reader.read(raw, (), in_item=False), reader.faults


class _Reader:
    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def read(self, raw: Any, path: Path, *, in_item: bool) -> Criteria:
        if len(self.faults) >= _MOST_FAULTS:
            return Every(())
        if len(path) > _DEEPEST:
            return self._fault(path, "too_deep", "the criteria are nested too deep", "use a `when` expression")
        if isinstance(raw, list):
            return Every(self._parts(raw, path, in_item))
        if not isinstance(raw, Mapping) or not raw:
            hint = "write `all:` with `- {path: ..., operator: ..., value: ...}` below it"
            return self._fault(path, "wrong_type", "criteria are a map or a list", hint)
        groups = [key for key in raw if key in GROUPS]
        if groups:
            return self._group(raw, groups[0], path, in_item)
        return self._test(raw, path, in_item)

    def when(self, raw: Any, path: Path) -> Criteria:
        if not isinstance(raw, str | bool):
            return self._fault(path, "wrong_type", "`when` must be text", 'write "{{ expression }}"')
        try:
            return When(rule_condition(str(raw).lower() if isinstance(raw, bool) else raw))
        except ExpressionError as error:
            return self._fault(path, error.code, error.message, error.hint)

    def _group(self, raw: Mapping[str, Any], key: str, path: Path, in_item: bool) -> Criteria:
        if len(raw) > 1:
            hint = "put each group into an entry of its own under `all`"
            return self._fault(path, "wrong_type", f"`{key}` stands beside other keys", hint)
        inner = raw[key]
        if key == "not":
            return Negated(self.read(inner, (*path, key), in_item=in_item))
        if not isinstance(inner, list) or not inner:
            return self._fault((*path, key), "wrong_type", f"`{key}` needs a list", "write `- path: ...` below it")
        parts = self._parts(inner, (*path, key), in_item)
        return Every(parts) if key == "all" else Some(parts)

    def _parts(self, raw: list[Any], path: Path, in_item: bool) -> tuple[Criteria, ...]:
        return tuple(self.read(part, (*path, index), in_item=in_item) for index, part in enumerate(raw))

    def _test(self, raw: Mapping[str, Any], path: Path, in_item: bool) -> Criteria:
        for key in raw:
            if key not in TEST:
                hint = did_you_mean(key, (*TEST, *GROUPS), "a criterion has path, operator and value")
                self._fault((*path, key), "unknown_key", f"the key `{shown(key)}` is not known here", hint, True)
        if raw.get("condition", "any") not in CONDITIONS:
            hint = "write `condition: any`"
            self._fault((*path, "condition"), "unknown_value", "`condition` is `any` or `all`", hint)
        steps, written = self._steps(raw, path, in_item)
        operator = self._operator(raw, path)
        if operator == SEARCH:
            return self._search(raw, path, steps, written)
        if "value" not in raw and operator not in _NEEDS_NO_VALUE:
            self._fault(path, "missing_key", f"`{operator}` needs a `value`", "write `value: ...`")
        said = f"`{shown(written)}` {operator}"
        return self._valued(Test(steps, written, operator, raw.get("value"), said=said), path)

    def _steps(self, raw: Mapping[str, Any], path: Path, in_item: bool) -> tuple[Steps, str]:
        written = raw.get("path")
        if not isinstance(written, str):
            hint = "write `path: event.payload.NAME`"
            self._fault((*path, "path") if written is not None else path, "missing_key", "`path` must be text", hint)
            return (), ""
        try:
            return (parse_item_path if in_item else parse_path)(written), written
        except PathError as error:
            self._fault((*path, "path"), "invalid_path", str(error), "write it like `event.payload.commits[0].id`")
            return (), written

    def _operator(self, raw: Mapping[str, Any], path: Path) -> str:
        name = raw.get("operator", "equals")
        if not isinstance(name, str) or name not in NAMES:
            hint = did_you_mean(str(name), NAMES, "equals, contains, startswith, lessthan, exists, regex, ...")
            message = f"there is no operator `{shown(str(name))}`"
            self._fault((*path, "operator"), "unknown_operator", message, hint)
            return "exists"
        return ALIASES.get(name, name)

    def _search(self, raw: Mapping[str, Any], path: Path, steps: Steps, written: str) -> Criteria:
        inner = self.read(raw.get("value"), (*path, "value"), in_item=True)
        return Search(steps, written, raw.get("condition") == "all", inner)

    def _valued(self, test: Test, path: Path) -> Criteria:
        value, where = test.value, (*path, "value")
        try:
            compiled_value = rule_value(value)
        except ExpressionError as error:
            return self._fault(where, error.code, error.message, error.hint)
        if _holds_template(value):
            return replace(test, template=compiled_value)
        self._check_value(test.operator, value, where)
        return test

    def _check_value(self, operator: str, value: Any, where: Path) -> None:
        try:
            match operator:
                case "regex" | "iregex" if isinstance(value, str):
                    compiled(value, operator == "iregex")
                case "matchwildcard" if isinstance(value, str):
                    check_wildcard(value)
                case "regex" | "iregex" | "matchwildcard" | "startswith" | "endswith" if not isinstance(value, str):
                    self._fault(where, "wrong_type", f"`{operator}` needs text as its value", "put it in quotes")
                case name if name in TIME_OPERATORS and (isinstance(value, bool) or not isinstance(value, int | float)):
                    self._fault(where, "wrong_type", f"`{operator}` needs seconds as its value", "write a number")
                case _:
                    pass
        except PatternError as error:
            self._fault(where, "invalid_pattern", str(error), "RE2 syntax: no look-around, no back references")

    def _fault(self, path: Path, code: str, message: str, hint: str = "", on_key: bool = False) -> Criteria:
        self.faults.append(Fault(path, code, message, hint, on_key))
        return Every(())


def _holds_template(value: Any) -> bool:
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    if isinstance(value, Mapping):
        return any(_holds_template(part) for part in value.values())
    return isinstance(value, list) and any(_holds_template(part) for part in value)
