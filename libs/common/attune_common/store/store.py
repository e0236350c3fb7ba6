"""The door to PostgreSQL: a bounded pool, units of work, reads, and running a unit again after a conflict."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg

from attune_common.runtime import logging, metrics
from attune_common.runtime.clock import Deadline
from attune_common.runtime.settings import Settings
from attune_common.store import guard
from attune_common.store.connection import Connection, Session, prepare
from attune_common.store.errors import RowsChanged, StoreClosed, is_transient
from attune_common.store.late import LateUnit
from attune_common.store.unit import StoredWire, Unit

T = TypeVar("T")
OnCommit = Callable[[list[StoredWire]], Awaitable[None] | None]
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_BY_KEY = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""Plans that are the same for empty and for full tables: keys in, rows by their index out."""
_KEYED_CONNECTIONS = 5
"""For what is asked all the time, one batch after the other: a plan costs more than such a question."""
_LATE_CONNECTIONS, _LATE_PATIENCE = 4, 0.2
"""Seconds: whoever has locked nothing can as well do without the rows that somebody holds for long."""
_log = logging.get("attune.store")

_UNITS = metrics.histogram("database_transaction_seconds", "From begin to commit of transactions")
_ACQUIRING = metrics.histogram("database_acquire_seconds", "Waiting for a connection of the pool")
_TOLD = metrics.histogram("database_round_trip_seconds", "A question to the database that costs it nothing")


class Store:
    """PostgreSQL for one process. `source` names the sender in messages, e.g. `attune/executor`.

    `by_key`: all statements find their rows by an index, so each is planned once per connection.

    `on_commit` gets the wires of each unit that committed any, after its connection went back; what it raises
    is logged, for the outbox keeps the messages until they are published.
    """

    def __init__(self, settings: Settings | str, *, source: str = "attune", by_key: bool = False) -> None:
        self.settings = Settings(database_url=settings) if isinstance(settings, str) else settings
        self.source = source
        self._by_key = by_key
        self.on_commit: OnCommit | None = None
        self._pool: Any = None
        self._keyed: Any = None
        self._late: Any = None

    async def open(self) -> None:
        """Make the pools. Connections are made when needed, so a server that is down is no error yet."""
        self._pool = await self._made(self.settings.pool_size, by_key=self._by_key)
        self._keyed = self._pool if self._by_key else await self._made(_KEYED_CONNECTIONS, by_key=True)
        self._late = await self._made(_LATE_CONNECTIONS, by_key=True, lock_timeout=_LATE_PATIENCE)

    async def _made(self, most: int, *, by_key: bool, **changed: float) -> Any:
        settings = self.settings.model_copy(update=changed)
        return await asyncpg.create_pool(
            settings.database_url,
            min_size=0,
            max_size=most,
            timeout=settings.connect_timeout,
            command_timeout=settings.statement_timeout + 1,
            connection_class=Session,
            init=prepare,
            server_settings=server_settings(settings, self.source) | (_BY_KEY if by_key else {}),
        )

    async def close(self) -> None:
        """Wait shortly for units in flight, then close every connection."""
        pools = [pool for pool in {self._pool, self._keyed, self._late} if pool is not None]
        self._pool = self._keyed = self._late = None
        try:
            async with asyncio.timeout(self.settings.acquire_timeout):
                for pool in pools:
                    await pool.close()
        except TimeoutError:
            for pool in pools:
                pool.terminate()

    @asynccontextmanager
    async def connection(self, *, by_key: bool = False) -> AsyncIterator[Connection]:
        """A connection for single reads; each statement is its own transaction. `by_key`: as for the store."""
        async with self._session(self._keyed if by_key else self._pool) as session:
            yield Connection(session)

    @asynccontextmanager
    async def unit(self, *, by_key: bool = False) -> AsyncIterator[Unit]:
        """One transaction, committed with its messages at the end of the block; an exception undoes it."""
        with _UNITS.time():
            async with self._session(self._keyed if by_key else self._pool) as session, session.transaction():
                unit = Unit(session, self.source)
                await guard.check(unit)
                yield unit
                acting = await unit.store_entries()
                wires = await unit.store_messages()
        if acting is not None:
            acting.written = True
        if wires:
            await self._announce(wires)

    @asynccontextmanager
    async def late_unit(self) -> AsyncIterator[LateUnit]:
        """The same for work that is no part of a request and writes what it has seen, if that has not changed."""
        with _UNITS.time():
            async with self._session(self._late) as session, LateUnit(session, self.source) as unit:
                yield unit
                await unit.store_entries()
                wires = await unit.store_messages()
        if wires:
            await self._announce(wires)

    async def retrying(
        self,
        work: Callable[[Unit], Awaitable[T]],
        *,
        attempts: int = 8,
        within: float | None = None,
        late: bool = False,
    ) -> T:
        """Run `work(unit)` and commit; after a transient error run it again in a new unit.

        Gives up after `attempts` runs or `within` seconds and raises the last error. `work` must be
        repeatable: a commit whose answer was lost may have happened. `late`: the first time by a late unit.
        """
        deadline = Deadline(within)
        for attempt in range(1, attempts + 1):
            try:
                async with self.late_unit() if late and attempt == 1 else self.unit() as unit:
                    result = await work(unit)
                return result
            except Exception as error:
                if not is_transient(error) or attempt == attempts or deadline.over:
                    raise
                _log.debug("retrying", attempt=attempt, error=f"{type(error).__name__}: {error}")
                if isinstance(error, RowsChanged):
                    continue
            await asyncio.sleep(min(pause(attempt), deadline.left))
        raise AssertionError("attempts must be at least 1")

    async def condition(self) -> tuple[bool, str]:
        """Whether PostgreSQL answers now and takes changes; else why not. Errors: none."""
        try:
            async with asyncio.timeout(self.settings.connect_timeout), self.connection() as connection:
                with _TOLD.time():
                    changeable = await connection.fetchval("SELECT current_setting('transaction_read_only') = 'off'")
        except Exception as problem:
            return False, f"the database does not answer ({type(problem).__name__})"
        return (True, "") if changeable else (False, "the database is read-only")

    @asynccontextmanager
    async def _session(self, pool: Any) -> AsyncIterator[Any]:
        bound = self.settings.acquire_timeout
        if pool is None:
            raise StoreClosed("the store is not open")
        with _ACQUIRING.time():
            session = await pool.acquire(timeout=bound)
        try:
            yield session
        finally:
            await pool.release(session, timeout=bound)

    async def _announce(self, wires: list[StoredWire]) -> None:
        if self.on_commit is None:
            return
        try:
            outcome = self.on_commit(wires)
            if inspect.isawaitable(outcome):
                await outcome
        except Exception:
            _log.exception("messages were stored and not published", wires=len(wires))


def pause(attempt: int) -> float:
    """Seconds before run `attempt` + 1: full jitter under a ceiling that grows from 50 ms to 2 s."""
    ceiling = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(attempt - 1, 10))
    return random.uniform(0, ceiling)


def server_settings(settings: Settings, source: str) -> dict[str, str]:
    """What PostgreSQL is told for each connection.

    A generic plan that was made while a table was nearly empty reads the whole table until its statistics
    change, minutes later under load; planning each time costs some hundredths of a millisecond (bench/run.py store).
    """
    return {
        "application_name": source,
        "search_path": "attune",
        "timezone": "UTC",
        "jit": "off",
        "plan_cache_mode": settings.plan_cache_mode,
        "statement_timeout": _milliseconds(settings.statement_timeout),
        "lock_timeout": _milliseconds(settings.lock_timeout),
        "idle_in_transaction_session_timeout": _milliseconds(settings.idle_in_transaction_timeout),
    }


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
