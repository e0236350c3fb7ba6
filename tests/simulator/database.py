"""A model of PostgreSQL: rows that are replaced and never changed, transactions that commit or leave no trace.

A transaction runs without a pause, so that it is alone: what row locks give the real executors. Sequences go on when
a transaction is undone. Where the schema has a unique index or a trigger, the model has it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from attune_core.model.status import FINAL
from tests.simulator.clock import Clock

Row = dict[str, Any]
Key = Any
FINALS = frozenset(status.value for status in FINAL)
LEASED = ("running", "canceling")


class FinalStateChanged(asyncpg.PostgresError):  # type: ignore[misc]
    sqlstate = "AT001"


@dataclass(frozen=True, slots=True)
class Change:
    """What a transaction did to one row: None before or after for a row that is new or gone."""

    table: str
    key: Key
    before: Row | None
    after: Row | None


class Transaction:
    """A class of its own, because a seed has thousands of them: a generator costs three times as much."""

    __slots__ = ("_changes", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> list[Change]:
        self._changes = self._database.begin()
        return self._changes

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._database.commit(self._changes)
        else:
            self._database.roll_back(self._changes)


class Database:
    """Tables by name, rows by key. `on_commit` sees the changes of each transaction that commits.

    `heard` is the model's own: tokens that a heartbeat has named. `off`: mechanisms that a mutation has switched off;
    without `timer_rows`, `gone` are timers that have fired.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.tables: dict[str, dict[Key, Row]] = {name: {} for name in TABLES}
        self.on_commit: list[Callable[[list[Change]], None]] = []
        self.off: frozenset[str] = frozenset()
        self.gone: dict[int, Row] = {}
        self._sequences: dict[str, int] = {}
        self._undo: list[Change] | None = None
        self.live: set[int] = set()
        self.of_run: dict[int, set[int]] = {}
        self.by_place: dict[tuple[Any, ...], int] = {}
        self.runs_of: dict[int, list[int]] = {}
        self.open_requests: set[int] = set()

    @property
    def now(self) -> datetime:
        return self.clock.now

    def ago(self, seconds: float) -> datetime:
        return self.clock.now - timedelta(seconds=seconds)

    def number(self, sequence: str) -> int:
        self._sequences[sequence] = self._sequences.get(sequence, 0) + 1
        return self._sequences[sequence]

    def executions(self) -> Iterator[Row]:
        """Those that are not final, in order of id."""
        table = self.tables["execution"]
        return (table[id] for id in sorted(self.live))

    def execution(self, id: int) -> Row | None:
        return self.tables["execution"].get(id)

    def in_run(self, run: int) -> list[Row]:
        table = self.tables["execution"]
        return [table[id] for id in sorted(self.of_run.get(run, ()))]

    def run(self, id: int) -> Row:
        return self.tables["workflow_run"][id]

    def set_aside(self, subject: str) -> bool:
        """Whether an open incident says that the subject is poisoned."""
        incidents = self.tables["incident"]
        return bool(incidents) and ("poison", subject) in incidents

    def put(self, table: str, key: Key, row: Row) -> None:
        if table == "execution":
            self._guard(key, row)
        self._apply(table, key, row)

    def remove(self, table: str, key: Key) -> None:
        self._apply(table, key, None)

    def transaction(self) -> Transaction:
        """Commits at the end of the block; whatever is raised in it undoes it. Gives the list of changes."""
        return Transaction(self)

    def begin(self) -> list[Change]:
        assert self._undo is None, "the model runs one transaction at a time"
        self._undo = changes = []
        return changes

    def commit(self, changes: list[Change]) -> None:
        self._undo = None
        if changes:
            for listener in self.on_commit:
                listener(changes)

    def roll_back(self, changes: list[Change]) -> None:
        self._undo = None
        for change in reversed(changes):
            self._set(change.table, change.key, change.after, change.before)

    def _guard(self, id: int, row: Row) -> None:
        before = self.tables["execution"].get(id)
        if before is None:
            return
        changed = before["status"] in FINALS and before["status"] != row["status"] and before["tries"] == row["tries"]
        if changed and "trigger" not in self.off:
            raise FinalStateChanged(f"final state of execution {id}: {before['status']} to {row['status']}")

    def _apply(self, table: str, key: Key, after: Row | None) -> None:
        before = self.tables[table].get(key)
        assert self._undo is not None, "a change outside of a transaction"
        self._undo.append(Change(table, key, before, after))
        self._set(table, key, before, after)

    def _set(self, table: str, key: Key, before: Row | None, after: Row | None) -> None:
        if after is None:
            self.tables[table].pop(key, None)
        else:
            self.tables[table][key] = after
        if table == "execution":
            self._index_execution(key, before, after)
        elif table == "run_request":
            (self.open_requests.add if after is not None and not after["done"] else self.open_requests.discard)(key)
        elif table == "workflow_run" and (before is None) != (after is None):
            self._index_run(key, before, after)

    def _index_execution(self, id: int, before: Row | None, after: Row | None) -> None:
        if after is not None and after["status"] not in FINALS:
            self.live.add(id)
        else:
            self.live.discard(id)
        row = after or before
        if row is None or row["workflow_run"] is None or (before is not None and after is not None):
            return
        place = (row["workflow_run"], row["task_name"], row["iteration"], row["task_index"])
        if after is None:
            self.of_run[row["workflow_run"]].discard(id)
            self.by_place.pop(place, None)
        else:
            self.of_run.setdefault(row["workflow_run"], set()).add(id)
            self.by_place[place] = id

    def _index_run(self, id: int, before: Row | None, after: Row | None) -> None:
        if after is not None:
            self.runs_of.setdefault(after["execution"], []).append(id)
        elif before is not None:
            self.runs_of[before["execution"]].remove(id)


TABLES = (
    "action",
    "enforcement",
    "event",
    "execution",
    "execution_attempt",
    "heard",
    "incident",
    "inquiry",
    "journal",
    "kv",
    "outbox",
    "rule",
    "run_request",
    "timer",
    "worker",
    "workflow_items",
    "workflow_run",
    "workflow_task",
    "workflow_version",
)


def unique(index: str) -> asyncpg.UniqueViolationError:
    error = asyncpg.UniqueViolationError(f"duplicate key value violates {index}")
    error.constraint_name = index
    return error


def pick(row: Row, names: Iterable[str]) -> Row:
    return {name: row[name] for name in names}
