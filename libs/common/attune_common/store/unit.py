"""A unit of work: one transaction and the messages that leave with it, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attune_common.contracts.base import Message
from attune_common.contracts.envelope import Wire, pack
from attune_common.runtime import handover
from attune_common.store import audit, queries
from attune_common.store.audit import Entry
from attune_common.store.connection import Connection, Row


@dataclass(frozen=True, slots=True)
class StoredWire:
    """A wire message with the id of its row in the outbox."""

    id: int
    wire: Wire


class Unit(Connection):
    """Queries inside one open transaction. Made by `Store.unit`; not to be used after its block."""

    __slots__ = ("_encoded", "_entries", "_later", "_messages", "_now", "_source", "wires")

    def __init__(self, session: Any, source: str) -> None:
        super().__init__(session)
        self._source = source
        self._messages: list[tuple[Message, str]] = []
        self._encoded: list[Wire] = []
        self._entries: list[Entry] = []
        self._later: list[tuple[str, tuple[Any, ...]]] = []
        self._now: datetime | None = None
        self.wires: list[StoredWire] = []

    async def now(self) -> datetime:
        """The transaction's time by PostgreSQL's clock; the same for the whole unit."""
        if self._now is None:
            self._now = await self.fetchval("SELECT now()")
        assert self._now is not None
        return self._now

    async def later(self, query: str, *arguments: Any) -> None:
        """Done with its neighbours before the next query, or at the end. They must not build on one another."""
        self._later.append((query, arguments))

    async def fetch(self, query: str, *arguments: Any) -> list[Row]:
        await self._catch_up()
        return await super().fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: Any) -> Row | None:
        await self._catch_up()
        return await super().fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        await self._catch_up()
        return await super().fetchval(query, *arguments)

    async def execute(self, query: str, *arguments: Any) -> int:
        await self._catch_up()
        return await super().execute(query, *arguments)

    async def executemany(self, query: str, rows: Iterable[Sequence[Any]]) -> None:
        await self._catch_up()
        await super().executemany(query, rows)

    async def _catch_up(self) -> None:
        if self._later:
            await super().execute(*self._together())

    def _together(self) -> tuple[Any, ...]:
        waiting, self._later = self._later, []
        statement = queries.together(tuple(query for query, _ in waiting))
        return (statement, *(argument for _, arguments in waiting for argument in arguments))

    def emit(self, message: Message, pool: str = "") -> None:
        """Send this message when, and only when, the unit commits. `pool` is for jobs alone."""
        self._messages.append((message, pool))

    def send(self, wire: Wire) -> None:
        """The same for a message that is encoded already."""
        self._encoded.append(wire)

    def record(self, entry: Entry) -> None:
        """Tell the audit trail when, and only when, the unit commits."""
        self._entries.append(entry)

    async def store_entries(self) -> audit.Acting | None:
        """Write what was recorded; called by the store before the commit. The request whose entry was among it."""
        acting = audit.due()
        await audit.append(self, [*([acting.entry] if acting else []), *self._entries])
        self._entries.clear()
        return acting

    async def store_messages(self) -> list[StoredWire]:
        """Write what was emitted to the outbox; called by the store before the commit."""
        wires = self._packed()
        if not wires:
            handover.only_waits()
            await self._catch_up()
            return self.wires
        await self._put_out(wires)
        statement = self._together()
        handover.only_waits()
        return self._stored([row["wires_written"] for row in await super().fetch(*statement)], wires)

    def _packed(self) -> list[Wire]:
        return [*pack(self._messages, self._source), *self._encoded]

    async def _put_out(self, wires: Sequence[Wire]) -> None:
        await self.later(
            queries.load("outbox").insert_wires,
            [wire.exchange for wire in wires],
            [wire.routing_key for wire in wires],
            [wire.body for wire in wires],
        )

    def _stored(self, ids: Sequence[int], wires: Sequence[Wire]) -> list[StoredWire]:
        self._messages.clear()
        self._encoded.clear()
        self.wires += [StoredWire(id, wire) for id, wire in zip(ids, wires, strict=True)]
        return self.wires
