"""Notes of what happens in a rehearsal, in the order of virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attune_core.model.outcome import Outcome
from attune_core.rehearsal.report import Report, Step, What, name_of
from attune_core.workflow.commands import (
    Command,
    FinishExecution,
    FinishRun,
    RecordItem,
    RetryAction,
    RunAction,
    TaskEnded,
)
from attune_core.workflow.signals import TaskKey


class Timeline:
    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._cut: dict[str, float] = {}

    def cut_below(self, name: str, at: float) -> None:
        """A subworkflow was stopped: what it was going to do after `at` did not happen."""
        self._cut.setdefault(name, at)

    def note(self, at: float, command: Command, ended: Mapping[TaskKey, Outcome], error: Any) -> None:
        """A command of the engine. `ended` has the outcomes so far, `error` is that of an attempt that just failed."""
        match command:
            case RunAction():
                detail = command.action + (f" in {command.delay:g} s" if command.delay > 0 else "")
                self._note(at, What.STARTED, name_of(command.key), detail, dict(command.parameters))
            case RetryAction():
                wait = f" in {command.delay:g} s" if command.delay > 0 else ""
                self._note(at, What.RETRIED, name_of(command.key), f"attempt {command.attempt}{wait}", error)
            case FinishExecution() | RecordItem() if command.key.index is not None:
                self._note(at, What.ENDED, name_of(command.key), *_told(command.outcome))
            case TaskEnded():
                self._task_ended(at, command, ended.get(TaskKey(command.task, command.iteration)))
            case FinishRun():
                value = dict(command.error) if command.error else command.output
                self._note(at, What.FINISHED, detail=command.status.value, value=value)
            case _:
                pass

    def _task_ended(self, at: float, command: TaskEnded, outcome: Outcome | None) -> None:
        value = dict(command.error) if command.error else None if outcome is None else outcome.result
        self._note(at, What.ENDED, name_of(TaskKey(command.task, command.iteration)), command.status.value, value)

    def published(self, at: float, before: Mapping[str, Any], after: Mapping[str, Any]) -> Callable[[], None]:
        """Notes, once and when it is called, the variables that a decision has changed."""
        changed = {name: value for name, value in after.items() if name not in before or before[name] is not value}

        def note() -> None:
            while changed:
                name = next(iter(changed))
                self._note(at, What.SET, name, value=changed.pop(name))

        return note

    def told(self, at: float, what: str) -> None:
        self._note(at, What.TOLD, detail=what)

    def inside(self, name: str, at: float, report: Report) -> None:
        """The steps of a subworkflow that began at `at` under the task `name`."""
        for step in report.steps:
            inner = f"{name}.{step.name}" if step.name else name
            self.steps.append(Step(round(at + step.at, 3), step.what, inner, step.detail, step.value))

    def in_order(self) -> tuple[Step, ...]:
        return tuple(sorted((step for step in self.steps if not self._is_cut(step)), key=lambda step: step.at))

    def _note(self, at: float, what: What, name: str = "", detail: str = "", value: Any = None) -> None:
        self.steps.append(Step(round(at, 3), what, name, detail, value))

    def _is_cut(self, step: Step) -> bool:
        name, dot, _ = step.name.partition(".")
        is_inside = bool(dot) or step.what is What.FINISHED
        return is_inside and step.at > self._cut.get(name, step.at)


def _told(outcome: Outcome) -> tuple[str, Any]:
    return outcome.status.value, outcome.error if outcome.error is not None else outcome.result
