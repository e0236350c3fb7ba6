"""Mechanisms, each with a way to switch it off: the proof that the simulator would notice if one were missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from attune_executor.app import Executor

Patch = tuple[Any, str, Any]
"""(module or class, attribute, what stands there instead)"""


def _leave(executor: Executor) -> None:
    """The executor as it is."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """`off`: mechanisms of the model; `patches`: of the real code; `alter`: of each executor that starts.
    `where`: the mixture of faults (`plans.MIXTURES`) that needs it; None: any."""

    name: str
    off: frozenset[str] = frozenset()
    patches: tuple[Patch, ...] = ()
    alter: Callable[[Executor], None] = field(default=_leave)
    where: int | None = None


NOTHING = Mutation("nothing")
