"""Messages that could not be handled, kept where people find them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attune_common.store import queries
from attune_common.store.connection import Connection

_SQL = queries.load("dead_letters")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`queue`: where it was refused; `body` as it came, whatever it is."""

    queue: str
    routing_key: str
    reason: str
    body: bytes


async def insert(unit: Connection, letters: Sequence[DeadLetter]) -> list[int]:
    """Their ids, in order."""
    names = ("queue", "routing_key", "reason", "body")
    rows = await unit.fetch(_SQL.insert, *([getattr(one, name) for one in letters] for name in names))
    return sorted(row["id"] for row in rows)
