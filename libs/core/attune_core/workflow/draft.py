"""A decision under way: the one place where state is changed, before it is frozen into a Decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_core.definition.graph import Graph, TaskNode
from attune_core.expressions.scope import Meter
from attune_core.model.outcome import Outcome
from attune_core.model.record import replace
from attune_core.model.status import ExecutionStatus
from attune_core.workflow.commands import Command
from attune_core.workflow.decision import Decision
from attune_core.workflow.facts import Facts
from attune_core.workflow.signals import TaskKey
from attune_core.workflow.state import NEVER, Activation, Phase, RunState, Stop, TaskState

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
        self.lines = state.lines
        self.going_on = state.going_on
        self.begun = 0
        self.within = state.within
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
        self.surroundings: dict[str, Any] | None = None
        self.meter = Meter()

    def node(self, name: str) -> TaskNode:
        return self.graph.tasks[name]

    def task(self, name: str) -> TaskState:
        return self.tasks.get(name, NEVER)

    def under_way(self, name: str) -> Activation:
        """The current activation of a task that has one."""
        current = self.task(name).current
        assert current is not None
        return current

    def change(self, name: str, **fields: Any) -> None:
        """Store a task's new state and keep the counters of live and waiting tasks in step."""
        before = self.task(name)
        task = replace(before, **fields)
        live, waiting = _weight(before)
        live_now, waiting_now = _weight(task)
        self.live += live_now - live
        self.waiting += waiting_now - waiting
        self.tasks[name] = task

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
    def time_limit(self) -> float | None:
        """Seconds for the whole run: its own timeout, or that of the task that runs it, whichever is shorter."""
        return min((each for each in (self.graph.timeout, self.within) if each is not None), default=None)

    @property
    def pausing(self) -> bool:
        return self.status in (ExecutionStatus.PAUSING, ExecutionStatus.PAUSED)

    def halt(self, stop: Stop) -> None:
        """Start nothing further. The first reason stays; a cancel or a timeout sets its own in place of it."""
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
            lines=self.lines,
            going_on=self.going_on,
            within=self.within,
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
