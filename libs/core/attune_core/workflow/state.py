"""The state of a run: narrow, frozen, and free of anything that grows with the number of items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any

from attune_core.model.record import record
from attune_core.model.status import ExecutionStatus, OutcomeStatus


class Phase(StrEnum):
    """Where the current activation of a task stands. An ended activation is `last`, never `current`.

    OPEN: a parallel block whose sub-tasks run; it neither runs nor waits itself.
    """

    READY = "ready"
    WAITING = "waiting"
    RUNNING = "running"
    OPEN = "open"


class StopKind(StrEnum):
    """Why a run starts no further task."""

    COMPLETE = "complete"
    FAIL = "fail"
    FAILURE = "failure"
    CANCEL = "cancel"
    TIMEOUT = "timeout"
    LIMIT = "limit"


FORCED = (StopKind.CANCEL, StopKind.TIMEOUT, StopKind.LIMIT)
"""What runs is stopped as well, and nothing is tried again."""


@record
class ItemCounts:
    """The progress of an iteration. `next` is the first index that has not been started.

    `limit` is the concurrency, `live` the items in flight, `waiting` those of them on a timer. `first_error` is
    the error of the first item that failed, with its `index`.
    `stopping`: no further item starts. `redo`: how many of those that did not succeed in an earlier try of the run
    are still to run again, the next of them at or after `redo_next`. `refilling`: there is room for more than one
    decision starts, and a timer that goes on with it.
    """

    total: int
    next: int = 0
    limit: int = 1
    live: int = 0
    waiting: int = 0
    succeeded: int = 0
    failed: int = 0
    timed_out: int = 0
    cancelled: int = 0
    skipped: int = 0
    first_error: Mapping[str, Any] | None = None
    stopping: bool = False
    redo: int = 0
    redo_next: int = 0
    refilling: bool = False

    @property
    def failures(self) -> int:
        """Items that ended and did not succeed."""
        return self.failed + self.timed_out + self.cancelled


@record
class Activation:
    """One pass of a task that has not ended. `iteration` counts from 1.

    `delayed`: it waits for the `delay` before its first attempt, so it has not begun.
    """

    iteration: int
    phase: Phase
    attempt: int = 1
    started_at: datetime | None = None
    items: ItemCounts | None = None
    delayed: bool = False


@record
class Ended:
    """The latest activation that ended: what `task.<name>` shows."""

    iteration: int
    status: OutcomeStatus
    attempt: int = 1
    error: Mapping[str, Any] | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    items: ItemCounts | None = None
    handled: bool = True


@record
class TaskState:
    """What the engine remembers of one task.

    `queued`: further activations that wait, for the current one to end or for dependencies. `fired`: sources
    that have fired to the join since it last ran. `late`: sources whose next firing belongs to the pass that
    `join: N` has already run, unless another source begins a new one before; `owed`: those that were under way then,
    once for each pass, whatever begins. `activations` counts passes.
    """

    current: Activation | None = None
    last: Ended | None = None
    queued: int = 0
    fired: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    owed: tuple[str, ...] = ()
    activations: int = 0


NEVER = TaskState()


@record
class Stop:
    kind: StopKind
    error: Mapping[str, Any] | None = None


@record
class RunState:
    """`revision` grows by one with every accepted signal. `activations` counts against max_iterations.

    `live`: tasks with a current activation that runs or waits, `waiting` those that only wait.
    `ready`: tasks that are activated and not
    started, in order. `failure`: the first unhandled failure. `tries` counts retries of the whole run,
    `lines` the accepted signals of this try that are not of items. `going_on`: more tasks are ready than one decision
    starts, and a timer goes on with them. `within`: the seconds that the task around a subworkflow gives it.
    """

    status: ExecutionStatus = ExecutionStatus.REQUESTED
    revision: int = 0
    vars: Mapping[str, Any] = field(default_factory=dict)
    tasks: Mapping[str, TaskState] = field(default_factory=dict)
    ready: tuple[str, ...] = ()
    live: int = 0
    waiting: int = 0
    activations: int = 0
    lines: int = 0
    going_on: bool = False
    within: float | None = None
    stop: Stop | None = None
    failure: Mapping[str, Any] | None = None
    tries: int = 1
    started_at: datetime | None = None
    completed_at: datetime | None = None

    def task(self, name: str) -> TaskState:
        return self.tasks.get(name, NEVER)
