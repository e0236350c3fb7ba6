"""A transaction under way: runs and executions in hand, and the rows that will be written once at its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from attune_common.bus import topology
from attune_common.contracts.base import Message
from attune_common.store import executions, secrets, turns
from attune_common.store.actions_lookup import Action, Pinned
from attune_common.store.connection import Row
from attune_common.store.executions import Attempt, Execution
from attune_common.store.inquiries import NewInquiry
from attune_common.store.internal_events import Happening
from attune_common.store.items import ItemList
from attune_common.store.journal import Entry
from attune_common.store.runs import NewRun
from attune_common.store.secrets import Owned
from attune_common.store.timers import NewTimer
from attune_common.store.turns import Place
from attune_common.store.unit import Unit
from attune_core.access.rights import Rights
from attune_core.definition.graph import Graph
from attune_core.model.outcome import Outcome
from attune_core.workflow.commands import Command, FinishRun
from attune_core.workflow.facts import Facts
from attune_core.workflow.signals import Signal, TaskKey
from attune_core.workflow.state import NEVER, RunState, TaskState
from attune_executor.caches import RunContext
from attune_executor.context import Context
from attune_executor.factbook import FactBook

RowKey = tuple[int, TaskKey]


@dataclass(slots=True)
class RunInHand:
    """A locked run. `base` is what the database has, `state` what was decided since.

    `sealed`: its parameters or its pack's configuration hold secrets. `moved`: the tasks that were changed, as (name,
    before, after), found once when the batch is written. `new`: what it is made of, for one that is made here.
    """

    context: RunContext
    graph: Graph
    base: RunState
    state: RunState
    config: dict[str, Any]
    signals: deque[Signal] = field(default_factory=deque)
    commands: list[Command] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    book: FactBook = field(default_factory=FactBook)
    sealed: bool = False
    end: FinishRun | None = None
    facts: Facts | None = None
    moved: list[tuple[str, TaskState, TaskState]] = field(default_factory=list)
    new: NewRun | None = None
    id: int = field(init=False)

    def __post_init__(self) -> None:
        self.id = self.context.id

    def tell(self, *signals: Signal) -> None:
        self.signals.extend(signals)

    def find_moved(self) -> None:
        before = self.base.tasks
        self.moved = [
            (name, before.get(name, NEVER), task)
            for name, task in self.state.tasks.items()
            if task is not before.get(name)
        ]


class Batch:
    """Everything that one transaction has read and will write.

    `reported`: executions whose attempt has ended here and that were not put on another: their run has been told.
    `ids` and `run_ids`: for rows that are about to be made. `origins`: by execution that starts, login of who asked for
    it, config of its action's pack. `registered`: another number when what is registered has changed; None: unknown.
    `places`: who lines up at the limits of policies; `passed`: who has passed them; `retried`: (execution, tries of
    its run) that a policy lets try again.
    """

    def __init__(self, unit: Unit, context: Context, now: datetime) -> None:
        self.unit = unit
        self.context = context
        self.now = now
        self.runs: dict[int, RunInHand] = {}
        self.actions: dict[Pinned, Action | None] = {}
        self.rights: dict[int | None, Rights] = {}
        self.sealed: list[Owned] = []
        self.outcomes: dict[int, Outcome] = {}
        self.reported: set[int] = set()
        self.child_runs: dict[int, int] = {}
        self.attempts: list[Attempt] = []
        self.begun_again: list[int] = []
        self.lists: list[ItemList] = []
        self.timers: list[NewTimer] = []
        self.done_timers: list[int] = []
        self.held_timers: list[int] = []
        self.inquiries: list[NewInquiry] = []
        self.unanswered: list[int] = []
        self.answers_told: list[int] = []
        self.requests: list[tuple[int, str, dict[str, Any]]] = []
        self.cascades: dict[int, str] = {}
        self.pools: set[str] = set()
        self.places: list[Place] = []
        self.passed: set[int] = set()
        self.retried: list[tuple[int, int]] = []
        self.heard: frozenset[str] = frozenset()
        self.registered: int | None = None
        self.happenings: list[Happening] = []
        self.ids: deque[int] = deque()
        self.run_ids: deque[int] = deque()
        self.origins: dict[int, Row] = {}
        self._rows: dict[int, Execution] = {}
        self._keys: dict[RowKey, Execution] = {}
        self._new: dict[int, Execution] = {}
        self._changed: dict[int, Execution] = {}

    def emit(self, message: Message, pool: str = "") -> None:
        self.unit.emit(message, pool)

    def hold(self, rows: Iterable[Execution]) -> None:
        """Take locked rows in hand; those already in hand stay as they were changed."""
        for row in rows:
            if row.id not in self._rows:
                self._take(row)

    def _take(self, row: Execution) -> None:
        self._rows[row.id] = row
        if row.workflow_run is not None and (key := key_of(row)) is not None:
            self._keys[(row.workflow_run, key)] = row

    def add(self, row: Execution) -> None:
        """A row that the database does not have yet."""
        self._take(row)
        self._new[row.id] = row

    def change(self, row: Execution) -> None:
        if row.id not in self._new:
            self._changed[row.id] = row

    def row(self, id: int) -> Execution | None:
        return self._rows.get(id)

    def row_of(self, run: int, key: TaskKey) -> Execution | None:
        return self._keys.get((run, key))

    def rows_of(self, run: int, key: TaskKey) -> Iterator[Execution]:
        """The row of the key; without an index also those of the task's items."""
        for row in list(self._rows.values()):
            if (row.workflow_run, row.task_name, row.iteration) != (run, key.task, key.iteration):
                continue
            if key.index is None or key.index == row.task_index:
                yield row

    def written(self) -> list[Execution]:
        """The executions that were changed."""
        return [*self._new.values(), *self._changed.values()]

    async def write_rows(self) -> None:
        """Write executions. Queues of pools that are new are made, so that jobs wait there for the first worker."""
        for pool in self.pools - self.context.pools:
            await self.context.bus.declare(topology.worker(pool, 1))
            self.context.pools.add(pool)
        await executions.start_over(self.unit, self.begun_again)
        await executions.insert(self.unit, list(self._new.values()))
        await executions.update(self.unit, list(self._changed.values()))
        await secrets.insert(self.unit, self.sealed)
        await executions.insert_attempts(self.unit, self.attempts)
        await turns.put(self.unit, self.places)
        await turns.count_retries(self.unit, self.retried)


def key_of(row: Execution) -> TaskKey | None:
    """Where in its run an execution stands."""
    if row.task_name is None or row.iteration is None:
        return None
    return TaskKey(row.task_name, row.iteration, row.task_index)


def engine_attempt(row: Execution) -> int:
    """The attempt as the engine counts: those that a worker lost and those of earlier tries are not its own."""
    return row.attempt - row.losses - row.attempts_before
