"""The steps of a path below its base: literal ones in one short loop, computed ones one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jinja2 import nodes

from attune_core.expressions.failures import MissingName
from attune_core.expressions.frame import Frame, Run
from attune_core.expressions.values import member, part


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path. `key` is literal, or None with `run` computing it."""

    node: nodes.Node
    key: str | int | None
    run: Run | None = None

    @property
    def shown(self) -> str:
        if self.run is not None:
            return "[…]"
        return f".{self.key}" if isinstance(self.node, nodes.Getattr) else f"[{self.key!r}]"


def follow(base: Run, shown: str, steps: list[Any], null_is_fine: bool = False) -> Run:
    """Read the steps below a base. `null_is_fine`: below a null base everything is null."""
    if not steps:
        return base
    if len(steps) == 1 and steps[0].run is None and not null_is_fine:
        return _literal_step(base, shown, steps[0].key)
    if all(step.run is None for step in steps):
        return _literal_steps(base, shown, steps, null_is_fine)
    return _computed_steps(base, shown, steps, null_is_fine)


def _literal_step(base: Run, shown: str, key: str | int) -> Run:
    """The commonest path of all: one literal step, as `item.name` has it."""

    def run(frame: Frame) -> Any:
        value = base(frame)
        try:
            return value[key] if type(value) is dict else member(value, key)
        except LookupError:
            raise MissingName(shown, value, key) from None

    return run


def _literal_steps(base: Run, shown: str, steps: list[Step], null_is_fine: bool) -> Run:
    keys = tuple(step.key for step in steps)

    def run(frame: Frame) -> Any:
        value = base(frame)
        if value is None and null_is_fine:
            return None
        try:
            for key in keys:
                owner = value
                value = value[key] if type(value) is dict else member(value, key)
        except LookupError:
            raise _missing(shown, steps, owner, base(frame)) from None
        return value

    return run


def _missing(shown: str, steps: list[Step], owner: Any, start: Any) -> MissingName:
    """Find again which step failed: the way that succeeds keeps no count."""
    value = start
    for step in steps:
        if value is owner:
            break
        value = member(value, step.key)
        shown += step.shown
    return MissingName(shown, owner, step.key)


def _computed_steps(base: Run, shown: str, steps: list[Step], null_is_fine: bool) -> Run:
    def run(frame: Frame) -> Any:
        value = base(frame)
        if value is None and null_is_fine:
            return None
        for position, step in enumerate(steps):
            key: Any = step.key if step.run is None else step.run(frame)
            is_slice = isinstance(step.node, nodes.Slice)
            try:
                value = part(frame, value, *key) if is_slice else member(value, key)
            except LookupError:
                below = "".join(earlier.shown for earlier in steps[:position])
                raise MissingName(shown + below, value, key) from None
        return value

    return run
