"""Typed reading of a map of the definition: each wrong type or range becomes a finding, never an exception."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from attune_core.definition.composer import kind_of
from attune_core.definition.document import Path
from attune_core.definition.findings import Findings
from attune_core.model.names import NAME, did_you_mean, shown

E = TypeVar("E", bound=StrEnum)


class Fields:
    """One map with its path. A key whose value is null counts as absent."""

    def __init__(self, raw: Mapping[str, Any], path: Path, findings: Findings) -> None:
        self.raw = raw
        self.path = path
        self.findings = findings

    def at(self, key: str) -> Path:
        return (*self.path, key)

    def get(self, key: str) -> Any:
        return self.raw.get(key)

    def has(self, key: str) -> bool:
        return self.raw.get(key) is not None

    def present(self, keys: Collection[str]) -> Iterator[str]:
        """Those of the keys that are there, in the order of the file."""
        return (key for key in self.raw if key in keys and self.raw[key] is not None)

    def only(self, known: Collection[str]) -> None:
        """Unknown keys become findings with the closest known one."""
        for key in self.raw:
            if key not in known:
                self.findings.unknown_key(self.path, key, known)

    def wrong(self, key: str, expected: str, hint: str = "") -> None:
        value = self.get(key)
        self.findings.error(self.at(key), "wrong_type", f"`{key}` must be {expected}, not {kind_of(value)}", hint)

    def text(self, key: str, default: str = "") -> str:
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, str):
            self.wrong(key, "text", f'put it in quotes: "{value}"' if isinstance(value, bool | int | float) else "")
            return default
        return value

    def matching(self, key: str, form: re.Pattern[str], code: str, expected: str) -> str | None:
        """A text of the given form, or None."""
        value = self.text(key)
        if not isinstance(self.get(key), str):
            return None
        if not form.match(value):
            self.findings.error(self.at(key), code, f"`{shown(value)}` is not {expected}")
            return None
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.wrong(key, "true or false", "yes, no, on and off are text in YAML 1.2")
            return default
        return value

    def choice(self, key: str, kind: type[E], default: E) -> E:
        value = self.get(key)
        if value is None:
            return default
        names = [member.value for member in kind]
        if not isinstance(value, str):
            self.wrong(key, f"one of {', '.join(names)}")
            return default
        if value not in names:
            hint = did_you_mean(value, names, f"one of {', '.join(names)}")
            self.findings.error(self.at(key), "unknown_value", f"`{shown(value)}` is not a value of `{key}`", hint)
            return default
        return kind(value)

    def integer(self, key: str, low: int, high: int) -> int | None:
        """A whole number in the range, else None."""
        return integer(self.get(key), self.at(key), self.findings, low=low, high=high)

    def number(self, key: str, low: float, high: float, *, above_low: bool = False) -> float | None:
        """A number in the range, else None. `above_low`: `low` itself is outside."""
        value = number(self.get(key), self.at(key), self.findings, low=low, high=high, above_low=above_low)
        return None if value is None else float(value)

    def mapping(self, key: str) -> Mapping[str, Any] | None:
        value = self.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.wrong(key, "a map", without_dashes(value, self.at(key)))
            return None
        return value

    def child(self, key: str, known: Collection[str]) -> Fields | None:
        """The map under the key, its keys checked."""
        value = self.mapping(key)
        if value is None:
            return None
        fields = Fields(value, self.at(key), self.findings)
        fields.only(known)
        return fields

    def names(self, key: str) -> tuple[str, ...]:
        """A name or a list of names."""
        return names(self.get(key), self.at(key), self.findings)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            self.wrong(key, "a list of texts")
            return ()
        return tuple(value)


def without_dashes(value: Any, path: Path) -> str:
    """How to write a list of one-key maps, which other workflow languages take, as the map that is meant."""
    if not isinstance(value, list) or not value:
        return ""
    first = value[0]
    name = next(iter(first)) if isinstance(first, Mapping) and len(first) == 1 else first
    if not isinstance(name, str) or not is_name(name):
        return ""
    return f"write `{path[-1]}:` with `{shown(name)}: VALUE` lines below it, without the dashes"


def names(value: Any, path: Path, findings: Findings) -> tuple[str, ...]:
    """A name or a list of names; whether they exist is checked later."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        findings.error(path, "wrong_type", f"a task name or a list of them is needed, not {kind_of(value)}")
        return ()
    found: dict[str, None] = {}
    for index, entry in enumerate(value):
        if not isinstance(entry, str):
            findings.error((*path, index), "wrong_type", f"a task name is needed, not {kind_of(entry)}")
        elif entry in found:
            findings.error((*path, index), "duplicate_name", f"`{shown(entry)}` is named twice", "name it once")
        else:
            found[entry] = None
    return tuple(found)


def integer(value: Any, path: Path, findings: Findings, *, low: int, high: int) -> int | None:
    """A whole number in the range; 3.0 counts as 3."""
    found = number(value, path, findings, low=low, high=high)
    if found is None:
        return None
    if found != int(found):
        findings.error(path, "out_of_range", f"{found} is not a whole number", f"from {low:,} to {high:,}")
        return None
    return int(found)


def number(
    value: Any, path: Path, findings: Findings, *, low: float, high: float, above_low: bool = False
) -> int | float | None:
    """A number in the range, else None with a finding (absent: None without one)."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        findings.error(path, "wrong_type", f"a number is needed, not {kind_of(value)}", _number_hint(value))
        return None
    if value < low or value > high or (above_low and value == low):
        allowed = f"above {low:,}, up to {high:,}" if above_low else f"from {low:,} to {high:,}"
        findings.error(path, "out_of_range", f"{value} is out of range", allowed)
        return None
    return value


def _number_hint(value: Any) -> str:
    if isinstance(value, str):
        try:
            return f"write {float(value):g} without quotes and without extra zeros"
        except ValueError:
            return ""
    return ""


def is_name(text: str) -> bool:
    return bool(NAME.match(text))
