"""Events as they came in, and what each rule made of them (enforcements)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import JSON_NULL, Connection, Row

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


async def get(connection: Connection, event_id: int) -> Row | None:
    return await connection.fetchrow(_SQL.get, event_id)


async def page(connection: Connection, before: int | None, trigger: str | None, limit: int) -> list[Row]:
    """Newest first, only ids below `before`."""
    return await connection.fetch(_SQL.page, before, trigger, limit)


async def enforcement(connection: Connection, enforcement_id: int) -> Row | None:
    return await connection.fetchrow(_SQL.enforcement, enforcement_id)


async def enforcements(
    connection: Connection, before: int | None, event: int | None, rule: str | None, limit: int
) -> list[Row]:
    """Newest first, only ids below `before`."""
    return await connection.fetch(_SQL.enforcements, before, event, rule, limit)
