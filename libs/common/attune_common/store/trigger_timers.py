"""Timers that fire triggers. The rows come and go with triggers and rules: PostgreSQL sees to that (migration 0002)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("trigger_timers")


@dataclass(frozen=True, slots=True)
class Kept:
    """How a timer is left. `due_at` None: it is not looked at again. `problem`: why it cannot fire."""

    id: int
    done: datetime
    due_at: datetime | None
    problem: str | None = None


async def take(unit: Connection, limit: int) -> list[Row]:
    """Timers that are due and nobody else has in hand, locked: id, spec, anchor, done, trigger_ref, rule_ref, enabled.

    `rule_ref`: the one rule that it is for; None for a timer of the trigger itself.
    """
    return await unit.fetch(_SQL.take, limit)


async def next_due(connection: Connection) -> float | None:
    """Seconds until the next one is due, negative when it is late; None when there is none."""
    seconds: float | None = await connection.fetchval(_SQL.next_due)
    return seconds


async def put_back(unit: Connection, rows: Sequence[Kept]) -> None:
    columns = [[getattr(row, name) for row in rows] for name in ("id", "done", "due_at", "problem")]
    await unit.execute(_SQL.put_back, *columns)


async def of_trigger(connection: Connection, ref: str, limit: int) -> list[Row]:
    """The timers of a trigger: id, rule (None: its own), spec, done, due_at, problem."""
    return await connection.fetch(_SQL.of_trigger, ref, limit)
