"""What every attempt comes to, decided by a hash of the seed and of its place in its workflow, not by who runs it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from tests.simulator.database import Database, Row
from tests.simulator.plans import Plan

_FOR_EVER = 250.0


@dataclass(frozen=True, slots=True)
class Fate:
    """`status` and `result` or `error` (its type) after `seconds` of work. What `hangs` has no ear for a cancel, and
    none for its time, before others have given it up."""

    status: str
    seconds: float
    result: Any = None
    error: str = ""
    hangs: bool = False


def attempt_of(execution: Row) -> int:
    """As the engine counts."""
    attempt: int = execution["attempt"] - execution["losses"] - execution["attempts_before"]
    return attempt


def place_of(database: Database, execution: Row, attempt: int | None = None) -> str:
    """Where it stands: the key of the outermost execution, then task, pass, item and attempt of each level."""
    attempt = attempt_of(execution) if attempt is None else attempt
    if execution["workflow_run"] is None:
        return f"{execution['idempotency_key'] or execution['trace_id']}#{attempt}"
    run = database.run(execution["workflow_run"])
    parent = database.tables["execution"][run["execution"]]
    place = f"{execution['task_name']}/{execution['iteration']}[{execution['task_index']}]"
    return f"{place_of(database, parent)}.{place}#{attempt}~{execution['tries']}"


def fate_at(plan: Plan, place: str) -> Fate:
    dice = Random(f"{plan.seed}/{place}")
    seconds = _duration(dice, plan.lasting)
    if dice.random() < plan.hanging:
        return Fate("succeeded", _FOR_EVER, {"n": 0}, hangs=True)
    if dice.random() < plan.failing:
        return Fate("failed", seconds, error=dice.choice(["boom", "flaky"]))
    return Fate("succeeded", seconds, {"n": dice.randrange(100)})


def _duration(dice: Random, lasting: float) -> float:
    if dice.random() < lasting:
        return dice.uniform(5.0, 100.0)
    return dice.uniform(0.001, 0.015) if dice.random() < 0.6 else dice.uniform(0.03, 3.0)
