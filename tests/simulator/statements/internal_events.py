"""Models of sql/internal_events.sql. No rule of the simulator listens to what Attune tells of itself."""

from __future__ import annotations

from tests.simulator.database import Database
from tests.simulator.statements import Answer, statement


@statement("internal_events", "moment")
def moment(db: Database, triggers: list[str], ids: int) -> Answer:
    return [{"now": db.now, "heard": [], "ids": [db.number("execution") for _ in range(ids)], "registered": 1}]
