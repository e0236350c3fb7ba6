"""Triggers as stored; a webhook's key leads to its trigger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("triggers")


@dataclass(frozen=True, slots=True)
class TriggerRow:
    """A trigger as it is to be stored. `webhook_key` is the last part of its address; None: no webhook."""

    ref: str
    label: str
    description: str
    kind: str
    param_schema: Mapping[str, Any] | None = None
    payload_schema: Mapping[str, Any] | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    webhook_key: str | None = None
    enabled: bool = True


async def get(connection: Connection, ref: str) -> Row | None:
    return await connection.fetchrow(_SQL.get, ref)


async def by_webhook_key(connection: Connection, key: str) -> Row | None:
    """The enabled trigger (id, ref, payload_schema, spec) behind a webhook's key."""
    return await connection.fetchrow(_SQL.by_webhook_key, key)


async def by_refs(connection: Connection, refs: Iterable[str]) -> dict[str, Row]:
    """ref, payload_schema and enabled of those that exist, by ref."""
    return {row["ref"]: row for row in await connection.fetch(_SQL.by_refs, sorted(refs))}


async def page(
    connection: Connection, after: str | None, pack: str | None, limit: int, packs: Sequence[str] | None = None
) -> list[Row]:
    """By ref. `packs`: of these alone."""
    return await connection.fetch(_SQL.page, after, pack, limit, None if packs is None else list(packs))


async def put(unit: Connection, pack: int, pack_ref: str, trigger: TriggerRow) -> bool:
    """Store or replace; False when another pack has a trigger of that ref."""
    touched = await unit.execute(
        _SQL.put, trigger.ref, pack, pack_ref, trigger.label, trigger.description, trigger.kind,
        trigger.param_schema, trigger.payload_schema, dict(trigger.spec), trigger.webhook_key, trigger.enabled,
    )  # fmt: skip
    return touched > 0


async def delete_others(unit: Connection, pack: int, refs: Sequence[str]) -> int:
    """Remove the pack's triggers that are not in `refs`."""
    return await unit.execute(_SQL.delete_others, pack, list(refs))


async def set_by_rules(connection: Connection) -> frozenset[str]:
    """The refs of timers whose rules say when they fire."""
    return frozenset(row["ref"] for row in await connection.fetch(_SQL.set_by_rules))


async def refs(connection: Connection) -> frozenset[str]:
    """The refs of all triggers."""
    return frozenset(row["ref"] for row in await connection.fetch(_SQL.refs))
