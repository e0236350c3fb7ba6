"""Messages that could not be handled, kept where people find them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("dead_letters")
_KEPT_DAYS = 30

Closed = Literal["replayed", "discarded"]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`queue`: where it was refused; `body` as it came, whatever it is. `incident`: it waits for the end of that."""

    queue: str
    routing_key: str
    reason: str
    body: bytes
    incident: int | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """None means any."""

    statuses: Sequence[str] | None = None
    queue: str | None = None
    incident: int | None = None


async def insert(unit: Connection, letters: Sequence[DeadLetter]) -> list[int]:
    """Their ids, in order."""
    names = ("queue", "routing_key", "reason", "body", "incident")
    rows = await unit.fetch(_SQL.insert, *([getattr(one, name) for one in letters] for name in names))
    return sorted(row["id"] for row in rows)


async def page(connection: Connection, before: int | None, wanted: Filter, limit: int) -> list[Row]:
    """Newest first, only ids below `before`; without the bodies."""
    return await connection.fetch(_SQL.page, before, wanted.statuses, wanted.queue, wanted.incident, limit)


async def get(connection: Connection, letter: int, most: int) -> Row | None:
    """As in a page, with the first `most` bytes of the body."""
    return await connection.fetchrow(_SQL.get, letter, most)


async def lock(unit: Connection, letter: int) -> Row | None:
    """id, queue, status, incident, body."""
    return await unit.fetchrow(_SQL.lock, letter)


async def lock_of_incident(unit: Connection, incident: int) -> list[Row]:
    """The same of all that still wait for the end of the incident."""
    return await unit.fetch(_SQL.lock_of_incident, incident)


async def close(unit: Connection, letters: Iterable[int], how: Closed, by: int | None) -> None:
    await unit.execute(_SQL.close, list(letters), how, by)


async def new_count(connection: Connection) -> int:
    return int(await connection.fetchval(_SQL.new_count))


async def sweep(unit: Connection, most: int) -> int:
    """Remove what was closed a month ago; how many that were."""
    return await unit.execute(_SQL.sweep, _KEPT_DAYS, most)
