"""What a rehearsal tells: every step with its virtual time, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from attune_core.model.status import ExecutionStatus
from attune_core.workflow.signals import TaskKey
from attune_core.workflow.state import Phase, TaskState


class What(StrEnum):
    """`STARTED`: an action, with its input. `ENDED`: a task or an item, with its result or error.

    `RETRIED`: another attempt follows. `SET`: a variable. `TOLD`: pause, resume, cancel. `FINISHED`: the run.
    """

    STARTED = "started"
    RETRIED = "retried"
    ENDED = "ended"
    SET = "set"
    TOLD = "told"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Step:
    """`at`: seconds since the start. `name`: of the task with its pass and item, or of the variable."""

    at: float
    what: What
    name: str = ""
    detail: str = ""
    value: Any = None

    @property
    def is_end_of_task(self) -> bool:
        """Neither of an item nor of a task in a subworkflow."""
        return self.what is What.ENDED and "[" not in self.name and "." not in self.name


@dataclass(frozen=True, slots=True)
class Report:
    """How the rehearsal went. `path`: the tasks that ended, in order. `duration` in virtual seconds.

    A run that neither ended nor has anything left to happen has the status paused or waiting. `stopped` says why
    the rehearsal was given up, if it was: then nothing of it can be relied on.
    """

    status: ExecutionStatus
    output: Any
    error: Any
    path: tuple[str, ...]
    steps: tuple[Step, ...]
    variables: Mapping[str, Any]
    duration: float
    tasks: Mapping[str, str] = field(default_factory=dict)
    attempts: Mapping[str, int] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    stopped: str = ""


def name_of(key: TaskKey) -> str:
    """`task`, `task/2` for its second pass, `task[3]` for an item."""
    text = key.task if key.iteration == 1 else f"{key.task}/{key.iteration}"
    return text if key.index is None else f"{text}[{key.index}]"


def status_of(task: TaskState) -> str:
    """In the words of the language: `pending`, `waiting`, `running`, or how its last pass ended."""
    if task.current is not None:
        return {Phase.READY: "pending", Phase.WAITING: "waiting"}.get(task.current.phase, "running")
    return "pending" if task.last is None else task.last.status.value
