"""What a workflow is told. Each accepted signal is one line of the journal."""

from __future__ import annotations

from enum import StrEnum

from attune_core.model.outcome import Outcome
from attune_core.model.record import record


@record
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


@record
class RunStarted:
    """The first signal of every run. `paused`: it starts nothing until it is resumed, as the run around it does.

    `within`: the seconds that the task gives which runs it as a subworkflow.
    """

    paused: bool = False
    within: float | None = None


@record
class TaskFinished:
    """An attempt of a task (or of one item) reached its outcome. The shell has checked the token.

    An item that was suspended or on a timer is reported by TaskResumed first.
    """

    key: TaskKey
    attempt: int
    outcome: Outcome


@record
class TaskSuspended:
    """The execution of `key` holds no worker any more: an open inquiry, a paused subworkflow."""

    key: TaskKey


@record
class TaskResumed:
    """The execution of `key` runs again."""

    key: TaskKey


@record
class TimerFired:
    """`key` is None for a timer of the run itself."""

    kind: TimerKind
    key: TaskKey | None = None
    attempt: int = 0


@record
class PauseRequested:
    pass


@record
class ResumeRequested:
    pass


@record
class CancelRequested:
    reason: str = "cancelled by request"


@record
class RetryRequested:
    """Run again from `tasks` (empty: every failed task). `reset_items` False: only the failed items."""

    tasks: tuple[str, ...] = ()
    reset_items: bool = True


@record
class LimitReached:
    """The journal of this try has `limit` lines that are not of items: the run ends."""

    limit: int


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
    | LimitReached
)
