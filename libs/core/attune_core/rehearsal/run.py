"""The rehearsal itself: a queue of what happens when, in virtual time, until the run has ended."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from attune_core.definition.graph import Graph
from attune_core.model.outcome import Outcome
from attune_core.model.status import ExecutionStatus, OutcomeStatus
from attune_core.rehearsal.memory import MemoryRun
from attune_core.rehearsal.script import Script
from attune_core.workflow import signals
from attune_core.workflow.commands import (
    CancelAction,
    Command,
    Dispatch,
    FinishRun,
    RetryAction,
    RunAction,
    SetTimer,
    TaskEnded,
)
from attune_core.workflow.signals import Signal, TaskFinished, TaskKey, TimerFired

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_CONTROLS: dict[str, Callable[[], Signal]] = {
    "pause": signals.PauseRequested,
    "resume": signals.ResumeRequested,
    "cancel": signals.CancelRequested,
}


@dataclass(frozen=True, slots=True)
class Step:
    """`at`: seconds since the start. `what`: started | retried | ended | timer; `task` with item and pass."""

    at: float
    what: str
    task: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """How the rehearsal went. `path`: the tasks that ended, in order. `duration` in virtual seconds.

    A run that neither ended nor has anything left to happen has status paused or waiting.
    """

    status: ExecutionStatus
    output: Any
    error: Any
    path: tuple[str, ...]
    steps: tuple[Step, ...]
    variables: dict[str, Any]
    duration: float
    tasks: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)


def rehearse(graph: Graph, script: Script, *, start: datetime = EPOCH, limit: int = 100_000) -> Report:
    """Run to the end, or until nothing can happen any more, or until `limit` signals."""
    stage = _Stage(graph, script, start)
    stage.tell(signals.RunStarted())
    while stage.pending and not stage.run.state.status.is_final and limit > 0:
        stage.next()
        limit -= 1
    return stage.report()


class _Stage:
    def __init__(self, graph: Graph, script: Script, start: datetime) -> None:
        self.script = script
        self.start = start
        self.run = MemoryRun(graph, start, script.parameters, script.pack_config, script.kv)
        self.pending: list[tuple[float, int, Signal]] = []
        self.live: set[TaskKey] = set()
        self.calls: Counter[TaskKey] = Counter()
        self.steps: list[Step] = []
        self.finish: FinishRun | None = None
        self._order = count()
        for after, kind in script.controls:
            self._later(after, _CONTROLS[kind]())

    @property
    def clock(self) -> float:
        return (self.run.now - self.start).total_seconds()

    def next(self) -> None:
        at, _, signal = heapq.heappop(self.pending)
        self.run.pass_time(max(0.0, at - self.clock))
        paused = self.run.state.status in (ExecutionStatus.PAUSED, ExecutionStatus.PAUSING)
        if isinstance(signal, TimerFired) and paused:
            self._hold(signal)
        elif not isinstance(signal, TaskFinished) or signal.key in self.live:
            self.tell(signal)

    def _hold(self, signal: TimerFired) -> None:
        """A timer that comes due while the run is paused waits for the next thing that happens."""
        if any(not isinstance(each[2], TimerFired) for each in self.pending):
            following = min(each[0] for each in self.pending if not isinstance(each[2], TimerFired))
            heapq.heappush(self.pending, (following, next(self._order), signal))

    def tell(self, signal: Signal) -> None:
        if isinstance(signal, TaskFinished):
            self.live.discard(signal.key)
        for command in self.run.tell(signal):
            self._perform(command)

    def _perform(self, command: Command) -> None:
        match command:
            case RunAction():
                self._note("started", command.key, f"{command.action}")
                if command.delay == 0:
                    self._launch(command.key, 1)
            case RetryAction():
                self._note("retried", command.key, f"attempt {command.attempt}")
                if not command.waits:
                    self._launch(command.key, command.attempt)
            case Dispatch():
                self._launch(command.key, command.attempt)
            case SetTimer():
                self._later(command.seconds, TimerFired(command.kind, command.key, command.attempt))
            case CancelAction():
                self._cancel(command.key)
            case TaskEnded():
                self._note("ended", TaskKey(command.task, command.iteration), command.status.value)
            case FinishRun():
                self.finish = command
            case _:
                pass

    def _launch(self, key: TaskKey, attempt: int) -> None:
        self.live.add(key)
        self.calls[key] += 1
        plain = TaskKey(key.task, 0, key.index)
        self.calls[plain] += 1
        answer = self.script.answer(key, self.calls[plain])
        self._later(answer.after, TaskFinished(key, attempt, answer.outcome()))

    def _cancel(self, key: TaskKey) -> None:
        """Everything of this task that runs or waits ends as cancelled, at once."""
        error = {"type": "cancelled", "message": "cancelled"}
        started = [each for each in self.run.inputs if (each.task, each.iteration) == (key.task, key.iteration)]
        for each in started:
            if each not in self.run.ended:
                if each not in self.live:
                    self.tell(signals.TaskResumed(each))
                self.live.add(each)
                attempt = max(1, self.calls[each])
                self._later(0.0, TaskFinished(each, attempt, Outcome(OutcomeStatus.CANCELLED, error=error)))

    def _later(self, seconds: float, signal: Signal) -> None:
        heapq.heappush(self.pending, (self.clock + seconds, next(self._order), signal))

    def _note(self, what: str, key: TaskKey, detail: str) -> None:
        self.steps.append(Step(round(self.clock, 3), what, name_of(key), detail))

    def report(self) -> Report:
        state = self.run.state
        ended = {name: task.last.status.value for name, task in state.tasks.items() if task.last}
        return Report(
            status=state.status,
            output=self.finish.output if self.finish else None,
            error=dict(self.finish.error) if self.finish and self.finish.error else None,
            path=tuple(step.task for step in self.steps if step.what == "ended"),
            steps=tuple(self.steps),
            variables=dict(state.vars),
            duration=self.clock,
            tasks=ended,
            attempts={name_of(key): calls for key, calls in self.calls.items() if key.iteration > 0},
        )


def name_of(key: TaskKey) -> str:
    """`task`, `task/2` for its second pass, `task[3]` for an item."""
    text = key.task if key.iteration == 1 else f"{key.task}/{key.iteration}"
    return text if key.index is None else f"{text}[{key.index}]"
