"""Mechanisms, each with a way to switch it off: the proof that the simulator would notice if one were missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from attune_executor.app import Executor
from tests.simulator import plans

WITHIN = 50
MIXTURES = len(plans.MIXTURES)

Patch = tuple[Any, str, Any]
"""(module or class, attribute, what stands there instead)"""


def _leave(executor: Executor) -> None:
    """The executor as it is."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """`off`: mechanisms of the model; `patches`: of the real code; `alter`: of each executor that starts.

    `where`: the mixture of faults (`plans.MIXTURES`) that needs it; None: any. `seed`: one that catches it, looked at
    before the others. `rarity`: how many times as many seeds it may take, where what it is about happens that rarely.
    `because`: why the system holds without it; then nothing has to catch it.
    """

    name: str
    off: frozenset[str] = frozenset()
    patches: tuple[Patch, ...] = ()
    alter: Callable[[Executor], None] = field(default=_leave)
    where: int | None = None
    seed: int | None = None
    rarity: int = 1
    because: str = ""

    @property
    def seeds(self) -> tuple[int, ...]:
        """The fifty in which it has to be caught, or more for what is rare."""
        within = WITHIN * self.rarity
        all_of_them = range(within) if self.where is None else range(self.where, within * MIXTURES, MIXTURES)
        first = (self.seed,) if self.seed in all_of_them else ()
        return tuple(dict.fromkeys((*first, *all_of_them)))


def off(name: str, mechanism: str, **known: Any) -> Mutation:
    """Without a mechanism of the model."""
    return Mutation(name, off=frozenset({mechanism}), **known)


def patched(name: str, *patches: Patch, **known: Any) -> Mutation:
    """With other code in the place of the real one."""
    return Mutation(name, patches=patches, **known)


NOTHING = Mutation("nothing")
