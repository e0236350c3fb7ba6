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


async def lock(connection: Connection, ids: Iterable[int]) -> list[Row]:
    """Events that have not been through the rules: id, trigger_ref, payload, source, trace_id, depth, created."""
    return await connection.fetch(_SQL.lock, sorted(set(ids)))


async def rules(connection: Connection, triggers: Iterable[str]) -> list[Row]:
    """Enabled rules of the triggers: id, ref, pack_ref, trigger_ref, criteria, action_ref, action_params, owner."""
    return await connection.fetch(_SQL.rules, sorted(set(triggers)))


async def configs(connection: Connection, rules: Iterable[Row]) -> dict[str | None, Mapping[str, Any]]:
    """The settings of the rules' packs, by pack."""
    packs = sorted({rule["pack_ref"] for rule in rules if rule["pack_ref"] is not None})
    rows = await connection.fetch(_SQL.configs, packs) if packs else []
    return {row["ref"]: stored(row["config"], row["config_secrets"]) for row in rows}


async def insert(connection: Connection, rows: Sequence[Enforcement]) -> set[tuple[int, str]]:
    """(event, rule ref) of those that are new: a repeat is left out."""
    names = ("rule", "rule_ref", "event", "matched", "reason", "execution")
    columns = [[getattr(row, name) for row in rows] for name in names]
    stored = await connection.fetch(_SQL.insert, *columns) if rows else []
    return {(row["event"], row["rule_ref"]) for row in stored}


async def done(connection: Connection, ids: Sequence[int]) -> None:
    if ids:
        await connection.execute(_SQL.done, list(ids))


async def forgotten(connection: Connection, older_than: float) -> list[int]:
    """Events of which no executor heard for `older_than` seconds."""
    return [row["id"] for row in await connection.fetch(_SQL.forgotten, older_than)]
