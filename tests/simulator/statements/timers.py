"""Models of sql/timers.sql and inquiries.sql."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.simulator.database import Database, Row, pick
from tests.simulator.statements import Answer, columns, plain, statement

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
    rows = [row for id in sorted(ids) if (row := db.tables["timer"].get(id) or db.gone.get(id)) is not None]
    return [pick(row, _TIMER) for row in rows if not row["held"]]


@statement("timers", "next_due")
def next_due(db: Database) -> Answer:
    times = [row["due_at"] for row in db.tables["timer"].values() if not row["held"]]
    return [{"seconds": (min(times) - db.now).total_seconds() if times else None}]


@statement("timers", "remove")
def remove(db: Database, ids: list[int]) -> Answer:
    for id in ids:
        if id in db.tables["timer"]:
            if "timer_rows" in db.off:
                db.gone[id] = db.tables["timer"][id]
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


_ASKED = ("execution", "token", "prompt", "response_schema", "assigned_to", "default_response", "seconds")


@statement("inquiries", "insert")
def insert_inquiries(db: Database, *values: list[Any]) -> Answer:
    made: list[Row] = []
    for row in columns(frozenset({"response_schema", "assigned_to"}), _ASKED, values):
        given = row.pop("default_response")
        seconds = row.pop("seconds")
        row |= {"has_default": given is not None, "default_response": None if given is None else plain(given)}
        row["timeout_at"] = None if seconds is None else db.now + timedelta(seconds=seconds)
        row |= {"id": db.number("inquiry"), "status": "pending", "told": False, "response": None, "updated": db.now}
        db.put("inquiry", row["id"], row)
        made.append(pick(row, ("id", "execution", "timeout_at")))
    return made


@statement("inquiries", "close")
def close_inquiries(db: Database, executions: list[int], status: str) -> Answer:
    table = db.tables["inquiry"]
    open_ones = [id for id, row in table.items() if row["execution"] in executions and row["status"] == "pending"]
    for id in open_ones:
        db.put("inquiry", id, {**table[id], "status": status, "updated": db.now})
    return [pick(table[id], ("id", "execution", "default_response", "has_default")) for id in open_ones]


def _untold(db: Database) -> list[Row]:
    rows = db.tables["inquiry"].values()
    return [row for row in rows if row["status"] == "responded" and not row["told"]]


def _run_of(db: Database, inquiry: Row) -> Any:
    execution = db.execution(inquiry["execution"])
    return None if execution is None else execution["workflow_run"]


@statement("inquiries", "answers")
def answers(db: Database, ids: list[int]) -> Answer:
    found = [row for row in _untold(db) if row["id"] in ids]
    return [{**pick(row, ("id", "execution", "token", "response")), "workflow_run": _run_of(db, row)} for row in found]


@statement("inquiries", "told")
def told(db: Database, ids: list[int]) -> Answer:
    for id in ids:
        db.put("inquiry", id, {**db.tables["inquiry"][id], "told": True})
    return len(ids)


@statement("inquiries", "untold")
def untold(db: Database, seconds: float) -> Answer:
    found = [row for row in _untold(db) if row["updated"] < db.ago(seconds)]
    return [{"id": row["id"], "workflow_run": _run_of(db, row)} for row in found][:500]


@statement("inquiries", "lock")
def lock_inquiry(db: Database, id: int) -> Answer:
    row = db.tables["inquiry"].get(id)
    execution = None if row is None else db.execution(row["execution"])
    if row is None or execution is None:
        return []
    run = db.tables["workflow_run"].get(execution["workflow_run"])
    stands = run is not None and run["status"] in ("pausing", "paused")
    over = row["timeout_at"] is not None and row["timeout_at"] <= db.now
    shown = pick(row, ("id", "execution", "status", "response_schema", "assigned_to", "timeout_at"))
    place = pick(execution, ("workflow_run", "task_name", "task_index"))
    outermost = db.execution(execution["root"] or execution["id"]) or execution
    place["belongs_to"] = outermost["action_ref"]
    return [{**shown, **place, "late": over and not stands}]


@statement("inquiries", "respond")
def respond(db: Database, id: int, response: Any, identity: int | None) -> Answer:
    answered = {"status": "responded", "response": plain(response), "responded_by": identity, "updated": db.now}
    db.put("inquiry", id, {**db.tables["inquiry"][id], **answered})
    return 1
