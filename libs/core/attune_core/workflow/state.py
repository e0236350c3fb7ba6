"""The state of a run: narrow, frozen, and free of anything that grows with the number of items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Activation:
    """One pass of a task that has not ended. `iteration` counts from 1."""

    iteration: int
    phase: Phase
    attempt: int = 1
    started_at: datetime | None = None
    items: ItemCounts | None = None


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class TaskState:
    """What the engine remembers of one task.

    `queued`: further activations that wait, for the current one to end or for dependencies. `fired`: sources
    that have fired to the join since it last ran. `late`: sources whose next firing belongs to the pass that
    `join: N` has already run. `activations` counts passes.
    """

    current: Activation | None = None
    last: Ended | None = None
    queued: int = 0
    fired: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    activations: int = 0


NEVER = TaskState()


@dataclass(frozen=True, slots=True)
class Stop:
    kind: StopKind
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RunState:
    """`revision` grows by one with every accepted signal. `activations` counts against max_iterations.

    `live`: tasks with a current activation that runs or waits, `waiting` those that only wait.
    `ready`: tasks that are activated and not
    started, in order. `failure`: the first unhandled failure. `tries` counts retries of the whole run.
    """

    status: ExecutionStatus = ExecutionStatus.REQUESTED
    revision: int = 0
    vars: Mapping[str, Any] = field(default_factory=dict)
    tasks: Mapping[str, TaskState] = field(default_factory=dict)
    ready: tuple[str, ...] = ()
    live: int = 0
    waiting: int = 0
    activations: int = 0
    stop: Stop | None = None
    failure: Mapping[str, Any] | None = None
    tries: int = 1
    started_at: datetime | None = None
    completed_at: datetime | None = None

    def task(self, name: str) -> TaskState:
        return self.tasks.get(name, NEVER)
