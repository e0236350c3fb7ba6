"""A transaction that begins as late as may be: what is read before locks nothing, and is looked at again at the end.

Most batches of reports read, decide, and write; nobody else touches their rows meanwhile. For them two questions to
PostgreSQL are enough, and nothing is locked while they decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import asyncpg

from attune_common.runtime import handover
from attune_common.store import queries
from attune_common.store.connection import Connection, Row
from attune_common.store.errors import RowsChanged, is_final_state_change
from attune_common.store.unit import StoredWire, Unit

EVENTS, RUNS, EXECUTIONS = "event", "workflow_run", "execution"
_SQL = queries.load("late")
_LOCKS = {EVENTS: _SQL.lock_events, RUNS: _SQL.lock_runs, EXECUTIONS: _SQL.lock_executions}
"""In the order in which everybody takes them."""


class LateUnit(Unit):
    """A unit whose transaction is its last statement alone, unless something needs one before: any question that is not
    a `look`, or a row that was seen and is not written.

    Errors: RowsChanged, or another transient one, when a row is not as it was seen; then nothing was changed.
    It may follow others that are just being stored, and comes after them then.
    """

    __slots__ = ("_before", "_seen", "_transaction", "_written")

    def __init__(self, session: Any, source: str) -> None:
        super().__init__(session, source)
        self._transaction: Any = None
        self._before: Callable[[], Awaitable[None]] | None = None
        self._seen: dict[str, dict[int, int]] = defaultdict(dict)
        self._written: dict[str, set[int]] = defaultdict(set)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._transaction is None:
            return
        await (self._transaction.commit() if kind is None else self._transaction.rollback())

    @property
    def is_late(self) -> bool:
        return self._transaction is None

    async def look(self, query: str, *arguments: Any) -> list[Row]:
        await self._come_after()
        return await self.glimpse(query, *arguments)

    async def glimpse(self, query: str, *arguments: Any) -> list[Row]:
        if self.is_late and not self._later:
            return await Connection.fetch(self, query, *arguments)
        return await self.fetch(query, *arguments)

    def follow(self, before: Callable[[], Awaitable[None]]) -> None:
        self._before = before

    async def _come_after(self) -> None:
        before, self._before = self._before, None
        if before is not None:
            await before()

    def saw(self, table: str, versions: Mapping[int, int]) -> None:
        self._seen[table] |= versions

    def versions(self, table: str, ids: Iterable[int]) -> list[int | None]:
        if not self.is_late:
            return super().versions(table, ids)
        ids = list(ids)
        self._written[table].update(ids)
        return [self._seen[table][id] for id in ids]

    async def begin(self) -> None:
        """From here on as every other unit. Errors: RowsChanged."""
        await self._come_after()
        transaction = self._session.transaction()
        await transaction.start()
        self._transaction = transaction
        for table, statement in _LOCKS.items():
            if seen := self._seen[table]:
                rows = await Connection.fetch(self, statement, sorted(seen))
                if {row["id"]: row["seen"] for row in rows} != seen:
                    raise RowsChanged(f"{table} changed since it was read")

    async def _catch_up(self) -> None:
        if self.is_late:
            await self.begin()
        await super()._catch_up()

    async def store_messages(self) -> list[StoredWire]:
        if self.is_late and any(seen.keys() - self._written[table] for table, seen in self._seen.items()):
            await self.begin()
        if not self.is_late:
            return await super().store_messages()
        wires = self._packed()
        if not wires and not self._later:
            return []
        if wires:
            await self._put_out(wires)
        await self.later(_SQL.agree, *(len(self._written[table]) for table in _LOCKS))
        handover.only_waits()
        await self._come_after()
        return self._stored((await self._at_once())[0]["ids"], wires)

    async def _at_once(self) -> list[Row]:
        """One statement, which is a transaction. A row that is there twice tells of somebody else's as well."""
        try:
            return await Connection.fetch(self, *self._together())
        except (asyncpg.IntegrityConstraintViolationError, asyncpg.SerializationError) as problem:
            raise RowsChanged(str(problem)) from problem
        except asyncpg.PostgresError as problem:
            if is_final_state_change(problem):
                raise RowsChanged(str(problem)) from problem
            raise
