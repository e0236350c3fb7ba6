"""A decision under way: the one place where state is changed, before it is frozen into a Decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from attune_core.definition.graph import Graph, TaskNode
from attune_core.model.outcome import Outcome
from attune_core.model.status import ExecutionStatus
from attune_core.workflow.commands import Command
from attune_core.workflow.decision import Decision
from attune_core.workflow.facts import Facts
from attune_core.workflow.signals import TaskKey
from attune_core.workflow.state import Phase, RunState, Stop, TaskState

ErrorMap = Mapping[str, Any]


class Draft:
    """Mutable copies of what a decision may change. Never leaves the engine."""

    def __init__(self, graph: Graph, state: RunState, facts: Facts) -> None:
        self.graph = graph
        self.facts = facts
        self.base = state
        self.status = state.status
        self.vars: dict[str, Any] = dict(state.vars)
        self.tasks: dict[str, TaskState] = dict(state.tasks)
        self.ready: list[str] = list(state.ready)
        self.live = state.live
        self.waiting = state.waiting
        self.activations = state.activations
        self.stop: Stop | None = state.stop
        self.failure: ErrorMap | None = state.failure
        self.tries = state.tries
        self.started_at = state.started_at
        self.completed_at = state.completed_at
        self.results: dict[str, Any] = {}
        self.item_outcomes: dict[tuple[str, int], dict[int, Outcome]] = {}
        self.fresh_items: dict[tuple[str, int], tuple[Any, ...]] = {}
        self.lists: dict[tuple[str, int], list[Any]] = {}
        self.commands: list[Command] = []
        self.ended: list[str] = []

    def node(self, name: str) -> TaskNode:
        return self.graph.tasks[name]

    def task(self, name: str) -> TaskState:
        return self.tasks.get(name) or TaskState()

    def put(self, name: str, task: TaskState) -> None:
        """Store a task's state and keep the counters of live and waiting tasks in step."""
        before, after = _weight(self.task(name)), _weight(task)
        self.live += after[0] - before[0]
        self.waiting += after[1] - before[1]
        self.tasks[name] = task

    def change(self, name: str, **fields: Any) -> TaskState:
        task = replace(self.task(name), **fields)
        self.put(name, task)
        return task

    def note_item(self, key: TaskKey, outcome: Outcome) -> None:
        """Keep an item's outcome: templates of this decision may read it before its row is written."""
        if key.index is not None:
            self.lists.pop((key.task, key.iteration), None)
            self.item_outcomes.setdefault((key.task, key.iteration), {})[key.index] = outcome

    def emit(self, command: Command) -> None:
        self.commands.append(command)

    @property
    def may_start(self) -> bool:
        return self.stop is None and self.status in (ExecutionStatus.RUNNING, ExecutionStatus.WAITING)

    @property
    def pausing(self) -> bool:
        return self.status in (ExecutionStatus.PAUSING, ExecutionStatus.PAUSED)

    def halt(self, stop: Stop) -> None:
        """Start nothing further. The first reason stays, but a cancel or timeout overrules the run's own end."""
        if self.stop is None:
            self.stop = stop

    def fail_unhandled(self, error: ErrorMap) -> None:
        self.failure = self.failure or error

    def freeze(self) -> Decision:
        state = RunState(
            status=self.status,
            revision=self.base.revision + 1,
            vars=self.vars,
            tasks=self.tasks,
            ready=tuple(self.ready),
            live=self.live,
            waiting=self.waiting,
            activations=self.activations,
            stop=self.stop,
            failure=self.failure,
            tries=self.tries,
            started_at=self.started_at,
            completed_at=self.completed_at,
        )
        return Decision(state, tuple(self.commands))


def _weight(task: TaskState) -> tuple[int, int]:
    """(counts as live, counts as waiting)."""
    current = task.current
    if current is None or current.phase is Phase.READY:
        return 0, 0
    if current.phase in (Phase.WAITING, Phase.OPEN):
        return 1, 1
    items = current.items
    return 1, int(items is not None and items.live == items.waiting and not items.refilling)
