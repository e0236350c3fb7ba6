"""The script of a rehearsal: what each task's action answers, attempt by attempt, and what is done to the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from attune_core.model.outcome import Outcome
from attune_core.model.status import OutcomeStatus
from attune_core.rehearsal.keys import Control
from attune_core.workflow.signals import TaskKey


@dataclass(frozen=True, slots=True)
class Answer:
    """`value`: the result, or the error. `after`: how long the attempt takes, in virtual seconds; None: for ever."""

    status: OutcomeStatus
    value: Any = None
    after: float | None = 0.0

    def outcome(self) -> Outcome:
        if self.status is OutcomeStatus.SUCCEEDED:
            return Outcome.succeeded(self.value)
        kind = "timeout" if self.status is OutcomeStatus.TIMED_OUT else self.status.value
        error = {"type": kind, "message": f"scripted: {self.status.value}", **(self.value or {})}
        return Outcome(self.status, error=error)


@dataclass(frozen=True, slots=True)
class Script:
    """`answers`: per task (or `task[3]` for one item) the answers of its attempts; the last one repeats.

    Keys such as `task.inner` are for the tasks of a subworkflow that is rehearsed too (`run_subworkflows`).
    `default` None: an action answers as it would, where that is known. `controls`: (seconds from the start, what).
    `expect`: see `expect.py`.
    """

    name: str = ""
    workflow: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    pack_config: Mapping[str, Any] = field(default_factory=dict)
    kv: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)
    default: Answer | None = None
    run_subworkflows: bool = False
    controls: tuple[tuple[float, Control], ...] = ()
    expect: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, key: TaskKey, call: int) -> Answer | None:
        """What the `call`-th attempt (from 1, over all passes) of this task or item answers; None: nothing is said."""
        answers = self.answers.get(f"{key.task}[{key.index}]") or self.answers.get(key.task)
        return self.default if not answers else answers[min(call, len(answers)) - 1]

    def names(self, key: TaskKey) -> bool:
        """Whether the task, or the item, has answers of its own."""
        return key.task in self.answers or f"{key.task}[{key.index}]" in self.answers

    def inside(self, key: TaskKey, parameters: Mapping[str, Any]) -> Script:
        """The script for the subworkflow that this task runs: what one item is told wins over what all are told."""
        answers = _below(self.answers, f"{key.task}.") | _below(self.answers, f"{key.task}[{key.index}].")
        return replace(self, parameters=parameters, answers=answers, controls=(), expect={})


def _below(answers: Mapping[str, tuple[Answer, ...]], prefix: str) -> dict[str, tuple[Answer, ...]]:
    return {name.removeprefix(prefix): given for name, given in answers.items() if name.startswith(prefix)}
