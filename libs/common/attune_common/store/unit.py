"""A unit of work: one transaction and the messages that leave with it, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attune_common.contracts.base import Message
from attune_common.contracts.envelope import Wire, pack
from attune_common.store import audit, queries
from attune_common.store.audit import Entry
from attune_common.store.connection import Connection


@dataclass(frozen=True, slots=True)
class StoredWire:
    """A wire message with the id of its row in the outbox."""

    id: int
    wire: Wire


class Unit(Connection):
    """Queries inside one open transaction. Made by `Store.unit`; not to be used after its block."""

    __slots__ = ("_entries", "_messages", "_now", "_source", "wires")

    def __init__(self, session: Any, source: str) -> None:
        super().__init__(session)
        self._source = source
        self._messages: list[tuple[Message, str]] = []
        self._entries: list[Entry] = []
        self._now: datetime | None = None
        self.wires: list[StoredWire] = []

    async def now(self) -> datetime:
        """The transaction's time by PostgreSQL's clock; the same for the whole unit."""
        if self._now is None:
            self._now = await self.fetchval("SELECT now()")
        assert self._now is not None
        return self._now

    def emit(self, message: Message, pool: str = "") -> None:
        """Send this message when, and only when, the unit commits. `pool` is for jobs alone."""
        self._messages.append((message, pool))

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
        if not self._messages:
            return self.wires
        wires = pack(self._messages, self._source)
        rows = await self.fetch(
            queries.load("outbox").insert_wires,
            [wire.exchange for wire in wires],
            [wire.routing_key for wire in wires],
            [wire.body for wire in wires],
        )
        self._messages.clear()
        self.wires += [StoredWire(row["id"], wire) for row, wire in zip(rows, wires, strict=True)]
        return self.wires
