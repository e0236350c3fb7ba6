"""What a workflow is told. Each accepted signal is one line of the journal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from attune_core.model.outcome import Outcome


@dataclass(frozen=True, slots=True)
class TaskKey:
    """One piece of work of a run. `index` is the item's index inside an iteration, else None."""

    task: str
    iteration: int
    index: int | None = None


class TimerKind(StrEnum):
    RETRY = "retry"
    DELAY = "delay"
    RUN_TIMEOUT = "run_timeout"
    REFILL = "refill"


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The first signal of every run. `paused`: it starts nothing until it is resumed, as the run around it does."""

    paused: bool = False


@dataclass(frozen=True, slots=True)
class TaskFinished:
    """An attempt of a task (or of one item) reached its outcome. The shell has checked the token.

    An item that was suspended or on a timer is reported by TaskResumed first.
    """

    key: TaskKey
    attempt: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class TaskSuspended:
    """The execution of `key` holds no worker any more: an open inquiry, a paused subworkflow."""

    key: TaskKey


@dataclass(frozen=True, slots=True)
class TaskResumed:
    """The execution of `key` runs again."""

    key: TaskKey


@dataclass(frozen=True, slots=True)
class TimerFired:
    """`key` is None for a timer of the run itself."""

    kind: TimerKind
    key: TaskKey | None = None
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class PauseRequested:
    pass


@dataclass(frozen=True, slots=True)
class ResumeRequested:
    pass


@dataclass(frozen=True, slots=True)
class CancelRequested:
    reason: str = "cancelled by request"


@dataclass(frozen=True, slots=True)
class RetryRequested:
    """Run again from `tasks` (empty: every failed task). `reset_items` False: only the failed items."""

    tasks: tuple[str, ...] = ()
    reset_items: bool = True


Signal = (
    RunStarted
    | TaskFinished
    | TaskSuspended
    | TaskResumed
    | TimerFired
    | PauseRequested
    | ResumeRequested
    | CancelRequested
    | RetryRequested
)
