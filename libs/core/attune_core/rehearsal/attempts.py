"""The attempts of a run on the stage: what each was asked to do, how often it was tried, and what it answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from attune_core.definition.graph import Graph
from attune_core.expressions.markers import masked
from attune_core.model.status import OutcomeStatus
from attune_core.rehearsal.actions import INQUIRY, asked, in_time, usual
from attune_core.rehearsal.catalogue import Catalogue, Refused
from attune_core.rehearsal.report import name_of
from attune_core.rehearsal.script import Answer, Script
from attune_core.workflow.commands import RetryAction, RunAction
from attune_core.workflow.signals import TaskKey

Play = Callable[[TaskKey, Graph, Mapping[str, Any]], Answer]
"""Rehearses a subworkflow with these parameters, for this task."""


class Attempts:
    def __init__(self, script: Script, catalogue: Catalogue, play: Play) -> None:
        self.requests: dict[TaskKey, RunAction] = {}
        self._script, self._catalogue, self._play = script, catalogue, play
        self._calls: Counter[TaskKey] = Counter()
        self._numbers: dict[TaskKey, int] = {}
        self._over_all_passes: Counter[tuple[str, int | None]] = Counter()

    def asked_of(self, command: RunAction) -> None:
        self.requests[command.key] = command
        self._numbers[command.key] = 1

    def asked_again(self, command: RetryAction) -> None:
        self._numbers[command.key] = command.attempt

    def asks_people(self, key: TaskKey) -> bool:
        return self.requests[key].action == INQUIRY

    def next(self, key: TaskKey) -> Answer:
        """One more attempt."""
        self._calls[key] += 1
        self._over_all_passes[(key.task, key.index)] += 1
        request = self.requests[key]
        try:
            parameters = self._catalogue.parameters(request.action, request.parameters)
        except Refused as refusal:
            return Answer(OutcomeStatus.FAILED, refusal.error)
        return self._answer(request, parameters)

    def number(self, key: TaskKey) -> int:
        """Of the attempt that is under way, or waits for its time."""
        return self._numbers[key]

    def counts(self) -> dict[str, int]:
        return {name_of(key): calls for key, calls in self._calls.items()}

    def inputs(self) -> dict[str, Any]:
        """As people may see them: stars for secrets."""
        return {name_of(key): masked(request.parameters) for key, request in self.requests.items()}

    def of_pass(self, task: str, iteration: int) -> list[TaskKey]:
        """The task, or its items."""
        return [key for key in self.requests if (key.task, key.iteration) == (task, iteration)]

    def _answer(self, request: RunAction, parameters: dict[str, Any]) -> Answer:
        key, action = request.key, request.action
        limit = request.timeout if request.timeout is not None else self._catalogue.timeout(action)
        scripted = self._script.answer(key, self._over_all_passes[(key.task, key.index)])
        graph = self._catalogue.workflows.get(action)
        if action == INQUIRY:
            return asked(scripted or usual(action, parameters), parameters, limit)
        if graph is not None and self._script.run_subworkflows and not self._script.names(key):
            return in_time(self._play(key, graph, parameters), limit)
        return in_time(scripted or usual(action, parameters), limit)
