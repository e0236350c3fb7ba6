"""Events as they came in, and what each rule made of them (enforcements)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import JSON_NULL, Connection, Row, jsons

_SQL = queries.load("events")


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event to store. `dedup_key`: of two events of a trigger with the same key only one is kept.

    `depth` counts the way event -> rule -> execution -> event.
    """

    trigger_ref: str
    payload: Any
    trace_id: str
    source: Mapping[str, Any] = field(default_factory=dict)
    dedup_key: str | None = None
    depth: int = 0


async def insert(unit: Connection, event: EventRow) -> tuple[int, bool]:
    """(id, whether it is new); the id of the earlier one when the deduplication key was there already."""
    payload = JSON_NULL if event.payload is None else event.payload
    new: int | None = await unit.fetchval(
        _SQL.insert, event.trigger_ref, payload, dict(event.source), event.dedup_key, event.trace_id, event.depth
    )
    if new is not None:
        return new, True
    earlier: int = await unit.fetchval(_SQL.by_dedup_key, event.trigger_ref, event.dedup_key)
    return earlier, False


async def insert_many(unit: Connection, rows: Sequence[EventRow]) -> list[int | None]:
    """The ids, in the order of the rows; None for one whose deduplication key was there already."""
    if not rows:
        return []
    names = ("trigger_ref", "dedup_key", "trace_id", "depth")
    columns = [[getattr(row, name) for row in rows] for name in names]
    payloads = [JSON_NULL if row.payload is None else row.payload for row in rows]
    found = await unit.fetch(_SQL.insert_many, *columns, jsons(payloads), jsons(dict(row.source) for row in rows))
    ids = {row["place"]: row["id"] for row in found}
    return [ids.get(place) for place in range(1, len(rows) + 1)]


async def with_keys(connection: Connection, rows: Sequence[EventRow]) -> list[Row]:
    """The stored events with the deduplication keys of these."""
    if not rows:
        return []
    return await connection.fetch(_SQL.with_keys, [row.trigger_ref for row in rows], [row.dedup_key for row in rows])


async def get(connection: Connection, event_id: int) -> Row | None:
    return await connection.fetchrow(_SQL.get, event_id)


async def page(
    connection: Connection, before: int | None, trigger: str | None, limit: int, packs: Sequence[str] | None = None
) -> list[Row]:
    """Newest first, only ids below `before`. `packs`: of their triggers alone."""
    return await connection.fetch(_SQL.page, before, trigger, limit, None if packs is None else list(packs))


async def enforcement(connection: Connection, enforcement_id: int) -> Row | None:
    return await connection.fetchrow(_SQL.enforcement, enforcement_id)


async def enforcements(
    connection: Connection,
    before: int | None,
    event: int | None,
    rule: str | None,
    limit: int,
    packs: Sequence[str] | None = None,
) -> list[Row]:
    """Newest first, only ids below `before`. `packs`: of their rules alone."""
    return await connection.fetch(_SQL.enforcements, before, event, rule, limit, None if packs is None else list(packs))
