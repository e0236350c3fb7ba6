"""What `attune_common.store.store.Store` is to the real code, over the model database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

from attune_common.contracts.base import Message
from attune_common.runtime.settings import Settings
from attune_common.store.errors import is_transient
from tests.simulator.database import Database, Row
from tests.simulator.processes import AGAIN, CommitUnknown, Process, reach
from tests.simulator.statements import Answer, perform

T = TypeVar("T")
_TRIES = 8


class ModelConnection:
    """Queries; each is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def _answer(self, query: str, arguments: tuple[Any, ...]) -> Answer:
        with self._database.transaction():
            return perform(self._database, query, arguments)

    async def fetch(self, query: str, *arguments: Any) -> list[Row]:
        rows = self._answer(query, arguments)
        assert isinstance(rows, list)
        return rows

    async def fetchrow(self, query: str, *arguments: Any) -> Row | None:
        rows = await self.fetch(query, *arguments)
        return rows[0] if rows else None

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        row = await self.fetchrow(query, *arguments)
        return None if row is None else next(iter(row.values()))

    async def execute(self, query: str, *arguments: Any) -> int:
        answer = self._answer(query, arguments)
        return answer if isinstance(answer, int) else len(answer)

    async def later(self, query: str, *arguments: Any) -> None:
        await self.execute(query, *arguments)


class ModelUnit(ModelConnection):
    """Queries of one transaction, and the messages that leave with it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.messages: list[tuple[Message, str]] = []

    def _answer(self, query: str, arguments: tuple[Any, ...]) -> Answer:
        return perform(self._database, query, arguments)

    async def now(self) -> datetime:
        return self._database.now

    def emit(self, message: Message, pool: str = "") -> None:
        self.messages.append((message, pool))


class ModelStore:
    """The store of one process. `on_commit` gets the ids of the outbox rows of each transaction."""

    def __init__(self, process: Process, settings: Settings) -> None:
        self._process, self._world = process, process.world
        self.settings = settings
        self.on_commit: Callable[[list[int]], None] | None = None

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[ModelConnection]:
        await reach("before a read")
        self._world.need_database()
        yield ModelConnection(self._world.database)

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[ModelUnit]:
        await reach("before a transaction")
        self._world.need_database()
        unit = ModelUnit(self._world.database)
        with self._world.database.transaction():
            yield unit
            sent = [] if "outbox" in self._world.off else self._world.outbox.store(unit.messages)
            self._world.may_fail(self._process, "the commit is refused", self._world.faults.refused)
        self._world.may_fail(self._process, "the answer to the commit is lost", self._world.faults.unanswered)
        await reach("after a commit")
        if "outbox" in self._world.off:
            sent = self._outbox_of_its_own(unit)
        if sent and self.on_commit is not None:
            self.on_commit(sent)

    def _outbox_of_its_own(self, unit: ModelUnit) -> list[int]:
        """How it would be done by a queue outside of the database."""
        with self._world.database.transaction():
            return self._world.outbox.store(unit.messages)

    async def retrying(self, work: Callable[[ModelUnit], Awaitable[T]], **_: Any) -> T:
        for attempt in range(1, _TRIES + 1):
            try:
                async with self.unit() as unit:
                    result = await work(unit)
                return result
            except Exception as error:
                if "repeated_commits" in self._world.off and isinstance(error, CommitUnknown):
                    return result
                if not is_transient(error) or attempt == _TRIES:
                    raise
            await reach(AGAIN)
        raise AssertionError
