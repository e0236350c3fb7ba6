"""One run on the stage: a queue of what happens when, in virtual time, until the run has ended."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any

from attune_core.definition.graph import Graph
from attune_core.model.outcome import Outcome
from attune_core.model.status import ExecutionStatus, OutcomeStatus
from attune_core.rehearsal.attempts import Attempts
from attune_core.rehearsal.catalogue import Catalogue
from attune_core.rehearsal.keys import Control
from attune_core.rehearsal.memory import MemoryRun
from attune_core.rehearsal.report import Report, name_of, status_of
from attune_core.rehearsal.script import Answer, Script
from attune_core.rehearsal.timeline import Timeline
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

MAX_DEPTH = 10
_CANCELLED = {"type": "cancelled", "message": "cancelled"}
_CONTROLS: dict[Control, Callable[[], Signal]] = {
    Control.PAUSE: signals.PauseRequested,
    Control.RESUME: signals.ResumeRequested,
    Control.CANCEL: signals.CancelRequested,
}
_OUTCOMES = {
    ExecutionStatus.COMPLETED: OutcomeStatus.SUCCEEDED,
    ExecutionStatus.FAILED: OutcomeStatus.FAILED,
    ExecutionStatus.TIMEOUT: OutcomeStatus.TIMED_OUT,
    ExecutionStatus.CANCELLED: OutcomeStatus.CANCELLED,
}


@dataclass(slots=True)
class Limits:
    """What one rehearsal may use, its subworkflows included. `signals` counts down."""

    signals: int
    activations: int


@dataclass(frozen=True, slots=True)
class Shared:
    """What a run and its subworkflows have in common."""

    catalogue: Catalogue
    limits: Limits
    depth: int = 1


class Stage:
    def __init__(self, graph: Graph, script: Script, start: datetime, shared: Shared) -> None:
        self.script, self.start, self.shared = script, start, shared
        self.is_cut_short = graph.max_iterations > shared.limits.activations
        bounded = replace(graph, max_iterations=min(graph.max_iterations, shared.limits.activations))
        self.run = MemoryRun(bounded, start, script.parameters, script.pack_config, script.kv)
        self.attempts = Attempts(script, shared.catalogue, self._play_inside)
        self.timeline = Timeline()
        self.finish: FinishRun | None = None
        self._live: set[TaskKey] = set()
        self._suspended: set[TaskKey] = set()
        self._pending: list[tuple[float, int, Signal]] = []
        self._held: list[Signal] = []
        """Timers that came due while the run was paused."""
        self._order = count()

    @property
    def clock(self) -> float:
        """Virtual seconds since the start."""
        return (self.run.now - self.start).total_seconds()

    def play(self) -> Report:
        """To the end, or until nothing can happen any more, or until the limits are used up."""
        for after, control in self.script.controls:
            self._later(after, _CONTROLS[control]())
        self._tell(signals.RunStarted())
        while self._pending and not self.run.state.status.is_final and self.shared.limits.signals > 0:
            self._next()
        return self._report()

    def _report(self) -> Report:
        state, finish, steps = self.run.state, self.finish, self.timeline.in_order()
        return Report(
            status=state.status,
            output=finish.output if finish else None,
            error=dict(finish.error) if finish and finish.error else None,
            path=tuple(step.name for step in steps if step.is_end_of_task),
            steps=steps,
            variables=dict(state.vars),
            duration=round(self.clock, 6),
            tasks={name: status_of(state.task(name)) for name in self.run.graph.tasks},
            attempts=self.attempts.counts(),
            inputs=self.attempts.inputs(),
            stopped=self._given_up(),
        )

    def _given_up(self) -> str:
        if self.shared.limits.signals <= 0:
            return "too much happens: the rehearsal was given up"
        error = self.finish.error if self.finish else None
        if self.is_cut_short and error and error.get("type") == "iteration_limit":
            return f"more than {self.shared.limits.activations:,} task activations: the rehearsal was given up"
        return ""

    def _next(self) -> None:
        at, _, signal = heapq.heappop(self._pending)
        self.run.pass_time(max(0.0, at - self.clock))
        if isinstance(signal, TimerFired) and self._is_paused():
            self._held.append(signal)
        elif not self._is_over(signal):
            self._tell(signal)
        if self._held and not self._is_paused():
            for held in self._held:
                self._later(0.0, held)
            self._held.clear()

    def _is_paused(self) -> bool:
        return self.run.state.status in (ExecutionStatus.PAUSED, ExecutionStatus.PAUSING)

    def _is_over(self, signal: Signal) -> bool:
        """Whether what it tells of has ended meanwhile."""
        if isinstance(signal, TaskFinished):
            return signal.key not in self._live
        return isinstance(signal, signals.TaskSuspended) and signal.key not in self._suspended

    def _tell(self, signal: Signal) -> None:
        self.shared.limits.signals -= 1
        match signal:
            case TaskFinished(key=key):
                if key in self._suspended:
                    self._resume(key)
                self._live.discard(key)
            case signals.PauseRequested() | signals.ResumeRequested() | signals.CancelRequested():
                self.timeline.told(self.clock, type(signal).__name__.removesuffix("Requested").lower())
            case _:
                pass
        error = signal.outcome.error if isinstance(signal, TaskFinished) else None
        before = self.run.state.vars
        commands = self.run.tell(signal)
        published = self.timeline.published(self.clock, before, self.run.state.vars)
        if isinstance(signal, signals.RunStarted):
            published()
        for command in commands:
            self.timeline.note(self.clock, command, self.run.ended, error)
            self._perform(command)
            if isinstance(command, TaskEnded):
                published()
        published()

    def _perform(self, command: Command) -> None:
        """What has consequences; the rest is only noted."""
        match command:
            case RunAction():
                self.attempts.asked_of(command)
                if command.delay == 0:
                    self._launch(command.key, 1)
            case RetryAction():
                self.attempts.asked_again(command)
                if not command.waits:
                    self._launch(command.key, command.attempt)
            case Dispatch():
                self._launch(command.key, command.attempt)
            case SetTimer():
                self._later(command.seconds, TimerFired(command.kind, command.key, command.attempt))
            case CancelAction():
                self._cancel(command)
            case FinishRun():
                self.finish = command
            case _:
                pass

    def _launch(self, key: TaskKey, attempt: int) -> None:
        self._live.add(key)
        answer = self.attempts.next(key)
        if self.attempts.asks_people(key):
            self._suspended.add(key)
            self._later(0.0, signals.TaskSuspended(key))
        if answer.after is not None:
            self._later(answer.after, TaskFinished(key, attempt, answer.outcome()))

    def _play_inside(self, key: TaskKey, graph: Graph, parameters: Mapping[str, Any]) -> Answer:
        """Rehearse a subworkflow at once and to its end; its virtual time passes for the task."""
        if self.shared.depth >= MAX_DEPTH:
            message = f"workflows are nested deeper than {MAX_DEPTH}"
            return Answer(OutcomeStatus.FAILED, {"type": "depth_limit", "message": message, "limit": MAX_DEPTH})
        shared = replace(self.shared, depth=self.shared.depth + 1)
        report = Stage(graph, self.script.inside(key, parameters), self.run.now, shared).play()
        self.timeline.inside(name_of(key), self.clock, report)
        status = _OUTCOMES.get(report.status)
        if status is None:
            return Answer(OutcomeStatus.SUCCEEDED, after=None)
        return Answer(status, report.output if report.error is None else dict(report.error), report.duration)

    def _resume(self, key: TaskKey) -> None:
        self._suspended.discard(key)
        self._tell(signals.TaskResumed(key))

    def _cancel(self, command: CancelAction) -> None:
        """Everything of this task that runs or waits ends as cancelled, at once; `only_waiting`: what waits."""
        for key in self.attempts.of_pass(command.key.task, command.key.iteration):
            waits = key not in self._live or key in self._suspended
            if key in self.run.ended or (command.only_waiting and not waits):
                continue
            if waits:
                self._resume(key)
            self._live.add(key)
            self.timeline.cut_below(name_of(key), self.clock)
            outcome = Outcome(OutcomeStatus.CANCELLED, error=dict(_CANCELLED))
            self._later(0.0, TaskFinished(key, self.attempts.number(key), outcome))

    def _later(self, seconds: float, signal: Signal) -> None:
        heapq.heappush(self._pending, (self.clock + seconds, next(self._order), signal))
