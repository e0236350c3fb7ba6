"""What a workflow asks for. The shell performs them in order, in the transaction that stores the state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_core.model.outcome import Outcome
from attune_core.model.record import record
from attune_core.model.status import ExecutionStatus, OutcomeStatus
from attune_core.workflow.signals import TaskKey, TimerKind


@record
class RunAction:
    """Create the execution of `key` (attempt 1) with rendered `parameters` and dispatch it.

    `timeout` is seconds per attempt. With `delay` > 0 the execution waits: the shell stores it `waiting`;
    a SetTimer(DELAY) command follows and `Dispatch` comes when that timer has fired.
    `again`: the item has a row of an earlier try of the run, with this outcome; that row starts over, with a new
    attempt that counts as the first.
    """

    key: TaskKey
    action: str
    parameters: Mapping[str, Any]
    timeout: float | None = None
    delay: float = 0.0
    max_retries: int = 0
    pool: str | None = None
    again: OutcomeStatus | None = None


@record
class RetryAction:
    """Put the execution of `key` on a new attempt. `waits`: store it `waiting`, a SetTimer(RETRY) follows."""

    key: TaskKey
    attempt: int
    delay: float = 0.0
    waits: bool = False


@record
class Dispatch:
    """Send the waiting execution of `key` to a worker: its delay is over."""

    key: TaskKey
    attempt: int


@record
class FinishExecution:
    """Store the final state of the execution of `key`: no attempt follows."""

    key: TaskKey
    outcome: Outcome


@record
class RecordItem:
    """An item that ended without running (skipped, or its input could not be rendered): store its final row.

    `again`: it replaces the outcome that an earlier try of the run has stored.
    """

    key: TaskKey
    action: str
    outcome: Outcome
    again: OutcomeStatus | None = None


@record
class CancelAction:
    """End the execution of `key` early: drop it when it waits, stop it on its worker when it runs.

    `key.index` None with an iterating task: all of its live items. `only_waiting`: what runs may end by itself.
    """

    key: TaskKey
    only_waiting: bool = False


@record
class StoreItems:
    """Keep the list of an iteration, in order; the engine asks for windows of it through the facts."""

    task: str
    iteration: int
    items: tuple[Any, ...]


@record
class SetTimer:
    """Wake the run after `seconds` with TimerFired(kind, key, attempt)."""

    kind: TimerKind
    seconds: float
    key: TaskKey | None = None
    attempt: int = 0


@record
class TaskEnded:
    """A task (not an item) reached its outcome: told to the outside world, nothing to perform.

    `fired`: labels of the routes that it followed. `refused`: the considered routes that did not fire, each with
    what its condition gave: `false`, or why it could not be rendered.
    """

    task: str
    iteration: int
    status: OutcomeStatus
    error: Mapping[str, Any] | None = None
    fired: tuple[str, ...] = ()
    refused: Mapping[str, str] | None = None


@record
class PauseChildren:
    """Pause the running subworkflows."""


@record
class ResumeChildren:
    """Resume the paused subworkflows and release the timers that came due meanwhile."""


@record
class FinishRun:
    """The run is over. `output` is the rendered output_map (None without one)."""

    status: ExecutionStatus
    output: Any = None
    error: Mapping[str, Any] | None = None


Command = (
    RunAction
    | RetryAction
    | Dispatch
    | FinishExecution
    | RecordItem
    | CancelAction
    | StoreItems
    | SetTimer
    | TaskEnded
    | PauseChildren
    | ResumeChildren
    | FinishRun
)
