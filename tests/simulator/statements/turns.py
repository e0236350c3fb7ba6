"""Models of sql/turns.sql. No action of the simulator has a policy."""

from __future__ import annotations

from tests.simulator.database import Database
from tests.simulator.statements import Answer, statement


@statement("turns", "book")
def book(db: Database) -> Answer:
    return []


@statement("turns", "buckets")
def buckets(db: Database, policy: int, kind: str, bucket: str, limit: int) -> Answer:
    return []


@statement("turns", "astray")
def astray(db: Database, patience: float) -> Answer:
    return []
