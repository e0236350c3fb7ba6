"""What a run waits for outside of its own state: executions, timers, inquiries and subworkflows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attune_core.model.status import ExecutionStatus
from attune_core.workflow.signals import TimerKind


@dataclass(frozen=True, slots=True)
class Work:
    """An execution that is not final. `since`: when it was sent to a worker, or began. `most`: attempts at most.

    `served`: a worker of its pool is alive. `failed_with`: the error of the attempt before this one.
    """

    task: str
    execution: int
    status: ExecutionStatus
    index: int | None = None
    attempt: int = 1
    most: int = 1
    worker: str | None = None
    pool: str | None = None
    since: datetime | None = None
    cancelling: bool = False
    served: bool = True
    failed_with: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A timer; `held` while the run is paused. `task` is None for a timer of the run itself."""

    kind: TimerKind
    due_at: datetime
    held: bool = False
    task: str | None = None
    index: int | None = None
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """An open inquiry."""

    inquiry: int
    execution: int
    prompt: str
    assigned_to: tuple[str, ...] = ()
    timeout_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """The run that carries out the execution of a subworkflow."""

    execution: int
    run: int
    status: ExecutionStatus


@dataclass(frozen=True, slots=True)
class SetAside:
    """The incident for which the executors leave the run alone."""

    incident: int
    error: str


@dataclass(frozen=True, slots=True)
class Turn:
    """Where an execution stands in the line at a policy's limit: `kind` is concurrency, rate or retry.

    `position` counts from 1. `due_at`: when its next attempt is due.
    """

    execution: int
    policy: str
    kind: str
    position: int = 1
    group: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`works` may leave out items of iterations when there are many. `asked`: requests that nobody took up yet.

    `set_aside`: given when the executors leave the run alone.
    """

    now: datetime
    works: tuple[Work, ...] = ()
    timers: tuple[Due, ...] = ()
    questions: tuple[Question, ...] = ()
    children: tuple[Child, ...] = ()
    asked: tuple[str, ...] = ()
    set_aside: SetAside | None = None
    turns: tuple[Turn, ...] = ()

    def work_of(self, task: str) -> tuple[Work, ...]:
        return tuple(work for work in self.works if work.task == task)

    def question_of(self, execution: int) -> Question | None:
        return next((each for each in self.questions if each.execution == execution), None)

    def child_of(self, execution: int) -> Child | None:
        return next((each for each in self.children if each.execution == execution), None)

    def turn_of(self, execution: int) -> Turn | None:
        return next((each for each in self.turns if each.execution == execution), None)

    def timer_of(self, task: str, index: int | None = None) -> Due | None:
        found = [due for due in self.timers if (due.task, due.index) == (task, index)]
        return min(found, key=lambda due: due.due_at, default=None)
