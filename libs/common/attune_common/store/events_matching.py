"""Events on their way through the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, Row
from attune_core.workflow.inputs import stored

_SQL = queries.load("events_matching")


@dataclass(frozen=True, slots=True)
class Enforcement:
    """What a rule said of an event. `execution` is the one that follows when it matched."""

    rule: int
    rule_ref: str
    event: int
    matched: bool
    reason: str
    execution: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The enabled rules of a trigger, in order. `configs`: the settings of their packs, by pack."""

    rules: Sequence[Row]
    configs: Mapping[str | None, Mapping[str, Any]]


async def lock(connection: Connection, ids: Iterable[int]) -> list[Row]:
    """Events that have not been through the rules: id, trigger_ref, payload, source, trace_id, depth, created."""
    return await connection.fetch(_SQL.lock, sorted(set(ids)))


async def rules(connection: Connection, triggers: Iterable[str]) -> dict[str, Rules]:
    """By trigger. Rows: id, ref, pack_ref, trigger_ref, criteria, action_ref, action_params, owner, rate_limit."""
    wanted = sorted(set(triggers))
    rows = await connection.look(_SQL.rules, wanted)
    configs = await _configs(connection, {row["pack_ref"] for row in rows} - {None})
    return {ref: Rules([row for row in rows if row["trigger_ref"] == ref], configs) for ref in wanted}


async def _configs(connection: Connection, packs: set[str]) -> dict[str | None, Mapping[str, Any]]:
    rows = await connection.look(_SQL.configs, sorted(packs)) if packs else []
    return {row["ref"]: stored(row["config"], row["config_secrets"]) for row in rows}


async def insert(connection: Connection, rows: Sequence[Enforcement]) -> None:
    """Of events that have not been through the rules: they have none."""
    if rows:
        names = ("rule", "rule_ref", "event", "matched", "reason", "execution")
        await connection.later(_SQL.insert, *([getattr(row, name) for row in rows] for name in names))


async def done(connection: Connection, ids: Sequence[int]) -> None:
    """They have been through the rules. Locked, or seen; a late unit fails where somebody else was quicker."""
    await connection.later(_SQL.done, list(ids), connection.versions("event", ids))


async def forgotten(connection: Connection, older_than: float) -> list[int]:
    """Events of which no executor heard for `older_than` seconds."""
    return [row["id"] for row in await connection.fetch(_SQL.forgotten, older_than)]
