"""What `attune_common.store.store.Store` is to the real code, over the model database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from attune_common.contracts.base import Message
from attune_common.runtime import handover
from attune_common.runtime.settings import Settings
from attune_common.store.errors import RowsChanged, is_transient
from tests.simulator.database import Database, Row, Transaction
from tests.simulator.processes import AGAIN, LATE, CommitUnknown, Process, reach
from tests.simulator.statements import Answer, perform

if TYPE_CHECKING:
    from tests.simulator.world import World

T = TypeVar("T")
OnCommit = Callable[[list[int]], None]
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

    async def look(self, query: str, *arguments: Any) -> list[Row]:
        return await self.fetch(query, *arguments)

    @property
    def is_late(self) -> bool:
        return False

    async def glimpse(self, query: str, *arguments: Any) -> list[Row]:
        return await self.look(query, *arguments)

    def versions(self, table: str, ids: Iterable[int]) -> list[Row | int | None]:
        return [None for _ in ids]


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


class ModelLateUnit(ModelUnit):
    """The same for a unit that locks nothing before it writes. The version of a run is its revision, that of another
    row is the row: none is ever changed."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._seen: dict[tuple[str, int], Row | int] = {}
        self._before: Callable[[], Awaitable[None]] | None = None
        self._waiting: list[tuple[str, tuple[Any, ...]]] = []
        self.transaction: Transaction | None = None

    @property
    def is_late(self) -> bool:
        return self.transaction is None

    async def look(self, query: str, *arguments: Any) -> list[Row]:
        await self._come_after()
        return await self.glimpse(query, *arguments)

    async def glimpse(self, query: str, *arguments: Any) -> list[Row]:
        if not self.is_late or self._waiting:
            return await self.fetch(query, *arguments)
        rows = ModelConnection._answer(self, query, arguments)
        assert isinstance(rows, list)
        return rows

    def saw(self, table: str, versions: Mapping[int, Row | int]) -> None:
        self._seen |= {(table, id): version for id, version in versions.items()}

    def follow(self, before: Callable[[], Awaitable[None]]) -> None:
        self._before = before

    async def _come_after(self) -> None:
        before, self._before = self._before, None
        if before is not None:
            await before()

    def versions(self, table: str, ids: Iterable[int]) -> list[Row | int | None]:
        return [self._seen[table, id] if self.is_late else None for id in ids]

    async def later(self, query: str, *arguments: Any) -> None:
        if self.is_late:
            self._waiting.append((query, arguments))
        else:
            await super().later(query, *arguments)

    async def fetch(self, query: str, *arguments: Any) -> list[Row]:
        await self._begin_if_late()
        return await super().fetch(query, *arguments)

    async def execute(self, query: str, *arguments: Any) -> int:
        await self._begin_if_late()
        return await super().execute(query, *arguments)

    async def _begin_if_late(self) -> None:
        if self.is_late:
            await self.wait_for_turn()
            self.begin()

    async def wait_for_turn(self) -> None:
        await reach(LATE)
        await self._come_after()

    def begin(self) -> None:
        """Errors: RowsChanged. Whether every row that was seen is among those that are written makes no difference."""
        self.transaction = self._database.transaction()
        self.transaction.__enter__()
        if "versions" not in self._database.off:
            for (table, id), version in self._seen.items():
                row = self._database.tables[table].get(id)
                if version is not row and (row is None or version != row.get("revision")):
                    raise RowsChanged(f"{table} {id}")
        waiting, self._waiting = self._waiting, []
        for query, arguments in waiting:
            super()._answer(query, arguments)


class Reading:
    """A connection for a while: a class, as `Transaction` is."""

    __slots__ = ("_world",)

    def __init__(self, world: World) -> None:
        self._world = world

    async def __aenter__(self) -> ModelConnection:
        await reach("before a read")
        self._world.need_database()
        return ModelConnection(self._world.database)

    async def __aexit__(self, *_: object) -> None:
        """Nothing was changed."""


class Writing:
    """A transaction with what leaves with it."""

    __slots__ = ("_on_commit", "_process", "_transaction", "_unit", "_world")

    def __init__(self, process: Process, on_commit: OnCommit | None) -> None:
        self._process, self._world = process, process.world
        self._on_commit = on_commit

    async def __aenter__(self) -> ModelUnit:
        await reach("before a transaction")
        self._world.need_database()
        self._unit, self._transaction = ModelUnit(self._world.database), self._world.database.transaction()
        self._transaction.__enter__()
        return self._unit

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._transaction.__exit__(kind)
            return
        handover.only_waits()
        sent = self._commit()
        self._world.may_fail(self._process, "the answer to the commit is lost", self._world.faults.unanswered)
        await reach("after a commit")
        if "outbox" in self._world.off:
            sent = self._outbox_of_its_own()
        if sent and self._on_commit is not None:
            self._on_commit(sent)

    def _commit(self) -> list[int]:
        try:
            sent = [] if "outbox" in self._world.off else self._world.outbox.store(self._unit.messages)
            self._world.may_fail(self._process, "the commit is refused", self._world.faults.refused)
        except BaseException as problem:
            self._transaction.__exit__(type(problem))
            raise
        self._transaction.__exit__(None)
        return sent

    def _outbox_of_its_own(self) -> list[int]:
        """How it would be done by a queue outside of the database."""
        with self._world.database.transaction():
            return self._world.outbox.store(self._unit.messages)


class LateWriting(Writing):
    """A transaction at the end. Others may do what they like before it."""

    __slots__ = ()

    async def __aenter__(self) -> ModelUnit:
        await reach("before a look")
        self._world.need_database()
        self._unit = ModelLateUnit(self._world.database)
        return self._unit

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        unit = self._unit
        assert isinstance(unit, ModelLateUnit)
        if kind is None and unit.is_late:
            handover.only_waits()
            await unit.wait_for_turn()
            self._world.need_database()
            self._begin(unit)
        if unit.transaction is not None:
            self._transaction = unit.transaction
            await super().__aexit__(kind, *rest)

    def _begin(self, unit: ModelLateUnit) -> None:
        try:
            unit.begin()
        except BaseException as problem:
            assert unit.transaction is not None
            unit.transaction.__exit__(type(problem))
            raise


class ModelStore:
    """The store of one process. `on_commit` gets the ids of the outbox rows of each transaction."""

    def __init__(self, process: Process, settings: Settings) -> None:
        self._process, self._world = process, process.world
        self.settings = settings
        self.on_commit: OnCommit | None = None

    def connection(self) -> Reading:
        return Reading(self._world)

    def unit(self) -> Writing:
        return Writing(self._process, self.on_commit)

    async def retrying(self, work: Callable[[ModelUnit], Awaitable[T]], *, late: bool = False, **_: Any) -> T:
        for attempt in range(1, _TRIES + 1):
            try:
                async with LateWriting(self._process, self.on_commit) if late and attempt == 1 else self.unit() as unit:
                    result = await work(unit)
                return result
            except Exception as error:
                if "repeated_commits" in self._world.off and isinstance(error, CommitUnknown):
                    return result
                if not is_transient(error) or attempt == _TRIES:
                    raise
            await reach(AGAIN)
        raise AssertionError
