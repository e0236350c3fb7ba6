"""Events as they came in, and what each rule made of them (enforcements)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from attune_common.store import queries, secrets
from attune_common.store.connection import JSON_NULL, Connection, Row, jsons
from attune_common.store.secrets import Owned
from attune_common.vault.envelope import Sealed
from attune_core.expressions.markers import encode

_SQL = queries.load("events")


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event to store. `dedup_key`: of two events of a trigger with the same key only one is kept.

    `depth` counts the way event -> rule -> execution -> event. `sealed`: what the secrets in the payload stand for.
    """

    trigger_ref: str
    payload: Any
    trace_id: str
    source: Mapping[str, Any] = field(default_factory=dict)
    dedup_key: str | None = None
    depth: int = 0
    sealed: Sequence[Sealed] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """None means any. `since`, `until`: by when they came."""

    trigger: str | None = None
    pack: str | None = None
    trace_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def insert(unit: Connection, event: EventRow) -> tuple[int, bool]:
    """(id, whether it is new); the id of the earlier one when the deduplication key was there already."""
    payload, places = encode(event.payload)
    new: int | None = await unit.fetchval(
        _SQL.insert, event.trigger_ref, JSON_NULL if payload is None else payload, dict(event.source),
        event.dedup_key, event.trace_id, event.depth, places or None,
    )  # fmt: skip
    if new is not None:
        await secrets.insert(unit, [Owned(one, event=new) for one in event.sealed])
        return new, True
    earlier: int = await unit.fetchval(_SQL.by_dedup_key, event.trigger_ref, event.dedup_key)
    return earlier, False


@dataclass(frozen=True, slots=True)
class Opening:
    """What storing events begins with. `triggers`: ref, payload_schema and enabled of those that exist, by ref."""

    now: datetime
    ids: Sequence[int]
    triggers: Mapping[str, Row]


async def opening(connection: Connection, triggers: Iterable[str], count: int) -> Opening:
    """All in one question. `count`: how many ids for new events."""
    rows = await connection.look(_SQL.opening, sorted(triggers), count)
    return Opening(rows[0]["now"], rows[0]["ids"], {row["ref"]: row for row in rows if row["ref"] is not None})


async def insert_new(unit: Connection, ids: Sequence[int], rows: Sequence[EventRow], now: datetime) -> None:
    """Events without a deduplication key: each of them is one more."""
    if not rows:
        return
    columns = [[getattr(row, name) for row in rows] for name in ("trigger_ref", "trace_id", "depth")]
    await unit.later(_SQL.insert_new, list(ids), *columns, *_written(rows), now)
    await secrets.insert(unit, [Owned(one, event=id) for id, row in zip(ids, rows, strict=True) for one in row.sealed])


def _written(rows: Sequence[EventRow]) -> tuple[list[Any], list[Any], list[Any]]:
    """Their payloads and sources, and where in them secrets are."""
    written = [encode(row.payload) for row in rows]
    payloads = jsons(JSON_NULL if payload is None else payload for payload, _ in written)
    return payloads, jsons(dict(row.source) for row in rows), jsons(place or None for _, place in written)


async def insert_many(unit: Connection, rows: Sequence[EventRow]) -> list[int | None]:
    """The ids, in the order of the rows; None for one whose deduplication key was there already."""
    if not rows:
        return []
    names = ("trigger_ref", "dedup_key", "trace_id", "depth")
    columns = [[getattr(row, name) for row in rows] for name in names]
    found = await unit.fetch(_SQL.insert_many, *columns, *_written(rows))
    ids = {row["place"]: row["id"] for row in found}
    new = ((row.sealed, ids.get(place)) for place, row in enumerate(rows, 1))
    await secrets.insert(unit, [Owned(one, event=id) for sealed, id in new if id is not None for one in sealed])
    return [ids.get(place) for place in range(1, len(rows) + 1)]


async def with_keys(connection: Connection, rows: Sequence[EventRow]) -> list[Row]:
    """The stored events with the deduplication keys of these."""
    if not rows:
        return []
    return await connection.fetch(_SQL.with_keys, [row.trigger_ref for row in rows], [row.dedup_key for row in rows])


async def get(connection: Connection, event_id: int) -> Row | None:
    return await connection.fetchrow(_SQL.get, event_id)


async def page(
    connection: Connection, before: int | None, wanted: Filter, limit: int, packs: Sequence[str] | None = None
) -> list[Row]:
    """Newest first, only ids below `before`. `packs`: of their triggers alone."""
    return await connection.fetch(
        _SQL.page, before, wanted.trigger, limit, None if packs is None else list(packs), wanted.pack,
        wanted.trace_id, wanted.since, wanted.until,
    )  # fmt: skip


async def enforcement(connection: Connection, enforcement_id: int) -> Row | None:
    return await connection.fetchrow(_SQL.enforcement, enforcement_id)


async def enforcements(
    connection: Connection,
    before: int | None,
    event: int | None,
    rule: str | None,
    limit: int,
    packs: Sequence[str] | None = None,
    matched: bool | None = None,
) -> list[Row]:
    """Newest first, only ids below `before`. `packs`: of their rules alone."""
    allowed = None if packs is None else list(packs)
    return await connection.fetch(_SQL.enforcements, before, event, rule, limit, allowed, matched)
