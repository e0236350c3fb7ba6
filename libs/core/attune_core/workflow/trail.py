"""The way that a run took: what its journal tells of tasks that ended and of their transitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from attune_core.model.status import OutcomeStatus


@dataclass(frozen=True, slots=True)
class Ending:
    """One pass of a task that ended. `refused`: label of a route -> what its condition gave."""

    task: str
    iteration: int
    status: OutcomeStatus
    fired: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


Trail = Mapping[str, tuple[Ending, ...]]
"""The passes of each task, in the order in which they ended."""


def read_trail(commands: Iterable[Mapping[str, Any]]) -> Trail:
    """From the commands of a journal, in order; those that are no TaskEnded are passed over."""
    found: dict[str, list[Ending]] = {}
    for command in commands:
        if command.get("type") == "TaskEnded":
            ending = Ending(
                task=command["task"],
                iteration=command["iteration"],
                status=OutcomeStatus(command["status"]),
                fired=tuple(command.get("fired") or ()),
                refused=command.get("refused") or {},
            )
            found.setdefault(ending.task, []).append(ending)
    return {task: tuple(endings) for task, endings in found.items()}


def times_fired(trail: Trail, task: str, label: str) -> int:
    return sum(label in ending.fired for ending in trail.get(task, ()))


def condition_gave(trail: Trail, task: str, label: str) -> str | None:
    """What the condition of a route gave when it was last asked: true, false, or a problem; None: never asked."""
    for ending in reversed(trail.get(task, ())):
        if label in ending.fired:
            return "true"
        if label in ending.refused:
            return ending.refused[label]
    return None
