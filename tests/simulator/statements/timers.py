"""Models of sql/timers.sql and inquiries.sql."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.simulator.database import Database, pick
from tests.simulator.statements import Answer, plain, statement

_TIMER = ("id", "kind", "workflow_run", "target")


@statement("timers", "insert")
def insert(db: Database, seconds: list[float], kinds: list[str], runs: list[int], *rest: list[Any]) -> Answer:
    targets, held = plain(rest[0]), rest[1]
    for after, kind, run, target, is_held in zip(seconds, kinds, runs, targets, held, strict=True):
        id = db.number("timer")
        row = {"id": id, "due_at": db.now + timedelta(seconds=after), "kind": str(kind), "workflow_run": run}
        db.put("timer", id, {**row, "target": target, "held": is_held})
    return len(seconds)


@statement("timers", "due")
def due(db: Database, most: int) -> Answer:
    rows = [
        row
        for row in db.tables["timer"].values()
        if row["due_at"] <= db.now and not row["held"] and not db.set_aside(f"run:{row['workflow_run']}")
    ]
    return [pick(row, _TIMER) for row in sorted(rows, key=lambda row: row["due_at"])[:most]]


@statement("timers", "lock")
def lock(db: Database, ids: list[int]) -> Answer:
    rows = [row for id in sorted(ids) if (row := db.tables["timer"].get(id)) is not None]
    return [pick(row, _TIMER) for row in rows if not row["held"]]


@statement("timers", "next_due")
def next_due(db: Database) -> Answer:
    times = [row["due_at"] for row in db.tables["timer"].values() if not row["held"]]
    return [{"seconds": (min(times) - db.now).total_seconds() if times else None}]


@statement("timers", "remove")
def remove(db: Database, ids: list[int]) -> Answer:
    for id in ids:
        if id in db.tables["timer"]:
            db.remove("timer", id)
    return len(ids)


@statement("timers", "remove_of_runs")
def remove_of_runs(db: Database, runs: list[int]) -> Answer:
    return remove(db, [id for id, row in db.tables["timer"].items() if row["workflow_run"] in runs])


@statement("timers", "hold")
def hold(db: Database, ids: list[int]) -> Answer:
    return _set_held(db, [id for id in ids if id in db.tables["timer"]], held=True)


@statement("timers", "release")
def release(db: Database, runs: list[int]) -> Answer:
    table = db.tables["timer"]
    return _set_held(db, [id for id, row in table.items() if row["workflow_run"] in runs and row["held"]], held=False)


def _set_held(db: Database, ids: list[int], *, held: bool) -> Answer:
    for id in ids:
        db.put("timer", id, {**db.tables["timer"][id], "held": held})
    return len(ids)


@statement("inquiries", "insert")
def insert_inquiries(db: Database, executions: list[int], asked: list[Any], seconds: list[float | None]) -> Answer:
    for execution, question, _ in zip(executions, plain(asked), seconds, strict=True):
        id = db.number("inquiry")
        row = {"execution": execution, "default_response": question.get("default"), "status": "pending"}
        db.put("inquiry", id, row)
    return len(executions)


@statement("inquiries", "close")
def close_inquiries(db: Database, executions: list[int], status: str) -> Answer:
    table = db.tables["inquiry"]
    open_ones = [id for id, row in table.items() if row["execution"] in executions and row["status"] == "pending"]
    for id in open_ones:
        db.put("inquiry", id, {**table[id], "status": status})
    return [pick(table[id], ("execution", "default_response")) for id in open_ones]
