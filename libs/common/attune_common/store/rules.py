"""Rules as stored: of packs, and of users (without a pack)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("rules")


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as it is to be stored. `owner` is the identity that its executions belong to."""

    ref: str
    label: str
    description: str
    trigger_ref: str
    action_ref: str
    criteria: Any = None
    trigger_params: Mapping[str, Any] = field(default_factory=dict)
    action_params: Mapping[str, Any] = field(default_factory=dict)
    owner: int | None = None
    enabled: bool = True


async def get(connection: Connection, ref: str) -> Row | None:
    return await connection.fetchrow(_SQL.get, ref)


async def get_for_update(unit: Connection, ref: str) -> Row | None:
    """The row locked; `owner` is the identity's id."""
    return await unit.fetchrow(_SQL.get_for_update, ref)


async def page(
    connection: Connection,
    after: str | None,
    pack: str | None,
    trigger: str | None,
    limit: int,
    packs: Sequence[str] | None = None,
) -> list[Row]:
    """By ref. `packs`: of these alone."""
    return await connection.fetch(_SQL.page, after, pack, trigger, limit, None if packs is None else list(packs))


async def put(unit: Connection, pack: int, pack_ref: str, rule: RuleRow) -> bool:
    """Store or replace a pack's rule; False when someone else has a rule of that ref."""
    return await unit.execute(_SQL.put, rule.ref, pack, pack_ref, *_rest(rule)) > 0


async def insert(unit: Connection, rule: RuleRow) -> bool:
    """Store a user's rule; False when the ref is taken."""
    return await unit.execute(_SQL.insert, rule.ref, None, None, *_rest(rule)) > 0


async def update(unit: Connection, rule: RuleRow) -> bool:
    """False when there is no such rule."""
    return await unit.execute(_SQL.update, rule.ref, *_rest(rule)) > 0


async def delete(unit: Connection, ref: str) -> bool:
    return await unit.execute(_SQL.delete, ref) > 0


async def delete_others(unit: Connection, pack: int, refs: Sequence[str]) -> int:
    """Remove the pack's rules that are not in `refs`."""
    return await unit.execute(_SQL.delete_others, pack, list(refs))


def _rest(rule: RuleRow) -> tuple[Any, ...]:
    return (
        rule.label, rule.description, rule.trigger_ref, dict(rule.trigger_params), rule.criteria, rule.action_ref,
        dict(rule.action_params), rule.owner, rule.enabled,
    )  # fmt: skip
