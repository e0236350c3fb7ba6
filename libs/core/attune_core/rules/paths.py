"""Paths into an event: `event.payload.commits[0].author`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from attune_core.expressions.scope import MISSING

Steps = tuple[str | int, ...]

ROOTS: Final = ("event", "trigger")
_STEP: Final = re.compile(r"""\.?([^.\[\]"']+)|\[(\d{1,9})\]|\[(?:"([^"]*)"|'([^']*)')\]""")


class PathError(ValueError):
    """A path that cannot be read; the text says why."""


def parse_path(text: str) -> Steps:
    """The steps of a path. Without a root (`event`, `trigger`) it starts in the payload.

    Errors: PathError.
    """
    steps = _steps(text)
    if steps[0] in ROOTS:
        return steps
    return ("event", *(() if steps[0] == "payload" else ("payload",)), *steps)


def parse_item_path(text: str) -> Steps:
    """The same inside a `search`, where paths start with `item`."""
    steps = _steps(text)
    return steps if steps[0] == "item" else ("item", *steps)


def _steps(text: str) -> Steps:
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        found = _STEP.match(text, position)
        if found is None:
            raise PathError(f"the path cannot be read from `{text[position : position + 30]}` on")
        name, index, quoted, single = found.groups()
        steps.append(int(index) if index is not None else next(s for s in (name, quoted, single) if s is not None))
        position = found.end()
    if not steps or text.endswith("."):
        raise PathError("the path is not complete")
    return tuple(steps)


def look_up(roots: Mapping[str, Any], steps: Steps) -> Any:
    """The value at the path, or MISSING. Data only: no attribute of Python is ever read."""
    value: Any = roots
    for step in steps:
        if type(value) is dict and type(step) is str:
            if (value := value.get(step, MISSING)) is MISSING:
                return MISSING
            continue
        if isinstance(step, str) and isinstance(value, Mapping):
            value = value.get(step, MISSING)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        elif isinstance(value, Mapping) and isinstance(step, int):
            value = value.get(str(step), MISSING)
        else:
            return MISSING
        if value is MISSING:
            return MISSING
    return value
