"""Models of sql/leases.sql: heartbeats and the questions of the sweeps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.simulator.database import FINALS, LEASED, Database, Row, pick
from tests.simulator.statements import Answer, statement
from tests.simulator.statements.executions import leased

_ATTEMPT = ("id", "attempt", "token", "workflow_run")
_MOST = 500


@statement("leases", "extend")
def extend(db: Database, tokens: list[str], lease: float) -> Answer:
    wanted = set(tokens)
    rows = [row for row in db.executions() if leased(row, wanted)]
    until = db.now + timedelta(seconds=lease)
    for token in tokens:
        if token not in db.tables["heard"]:
            db.put("heard", token, {})
    for row in rows:
        db.put("execution", row["id"], {**row, "lease_until": until})
    return [pick(row, ("id", "token", "cancel_requested")) for row in rows]


@statement("leases", "claim")
def claim(db: Database, worker: str, *wanted: Any) -> Answer:
    names = ("id", "action_ref", "status", "token", "root", "workflow_run", "task_name", "task_index", "attempt",
             "cancel_requested")  # fmt: skip
    *columns, lease = wanted
    done = []
    for id, token, name in zip(*columns, strict=True):
        row, mine = db.execution(id), f"{token} {name}"
        if row is None or row["token"] != token or row["status"] not in ("scheduled", *LEASED):
            continue
        held = row["claim"] or ""
        if held != mine and held.startswith(f"{token} ") and "claims" not in db.off:
            continue
        status = "canceling" if row["cancel_requested"] else "running"
        leased = {"status": status, "claim": mine, "worker": worker, "lease_until": db.now + timedelta(seconds=lease)}
        db.put("execution", id, {**row, **leased, "started_at": db.now, "updated": db.now})
        done.append({**pick(db.tables["execution"][id], names), "before": row["status"]})
    return done


@statement("leases", "held")
def held(db: Database, tokens: list[str]) -> Answer:
    states = ("scheduled", "canceling")
    rows = [row for row in db.executions() if row["status"] in states and row["lease_until"] is None]
    return [pick(row, ("id", "token")) for row in rows if row["token"] in tokens]


@statement("leases", "live")
def live(db: Database, tokens: list[str]) -> Answer:
    states = ("scheduled", *LEASED)
    return [pick(row, ("token",)) for row in db.executions() if row["status"] in states and row["token"] in tokens]


@statement("leases", "worker_seen")
def worker_seen(db: Database, names: list[str], *columns: list[Any]) -> Answer:
    for name, pools, running, started in zip(names, *columns, strict=True):
        row = {"name": name, "pools": pools, "running": running, "started": started, "seen": db.now}
        db.put("worker", name, row)
    return len(names)


def _set_aside(db: Database, row: Row) -> bool:
    return db.set_aside(f"run:{row['workflow_run']}")


@statement("leases", "lapsed")
def lapsed(db: Database, grace: float) -> Answer:
    late = db.ago(grace)
    rows = [
        row
        for row in db.executions()
        if row["lease_until"] is not None and row["lease_until"] < late and row["status"] in LEASED
        if row["token"] is not None and not _set_aside(db, row)
    ]
    return [pick(row, _ATTEMPT) for row in sorted(rows, key=lambda row: row["lease_until"])[:_MOST]]


@statement("leases", "overdue")
def overdue(db: Database, grace: float) -> Answer:
    rows = [
        row
        for row in db.executions()
        if row["status"] == "running" and not row["is_workflow"] and row["token"] is not None
        if row["timeout"] is not None and row["started_at"] < db.ago(row["timeout"] + grace)
        if not _set_aside(db, row)
    ]
    return [pick(row, (*_ATTEMPT, "timeout")) for row in rows[:_MOST]]


@statement("leases", "deaf")
def deaf(db: Database, patience: float) -> Answer:
    rows = [
        row
        for row in db.executions()
        if row["status"] in ("scheduling", "scheduled", "waiting", *LEASED) and row["cancel_requested"]
        if not row["is_workflow"] or row["status"] == "scheduling"
        if row["token"] is not None and row["updated"] < db.ago(patience) and not _set_aside(db, row)
    ]
    return [pick(row, _ATTEMPT) for row in rows[:_MOST]]


def _pool(db: Database, row: Row, default: str) -> str:
    action = db.tables["action"].get(row["action_ref"]) or {"spec": {}}
    pool: str = row["pool"] or action["spec"].get("pool") or default
    return pool


def _unaccepted(db: Database, patience: float) -> list[Row]:
    return [
        row
        for row in db.executions()
        if row["status"] == "scheduled" and not row["cancel_requested"] and row["scheduled_at"] < db.ago(patience)
        if not _set_aside(db, row)
    ]


@statement("leases", "unaccepted_pools")
def unaccepted_pools(db: Database, patience: float, default: str) -> Answer:
    return [{"pool": pool} for pool in sorted({_pool(db, row, default) for row in _unaccepted(db, patience)})]


@statement("leases", "unaccepted")
def unaccepted(db: Database, patience: float, default: str, pools: list[str], limit: int) -> Answer:
    rows = [row for row in _unaccepted(db, patience) if _pool(db, row, default) in pools][:limit]
    return [pick(row, ("id",)) for row in rows[:_MOST]]


@statement("leases", "unstarted")
def unstarted(db: Database, patience: float) -> Answer:
    rows = [
        row
        for row in db.executions()
        if row["status"] == "requested" and row["updated"] < db.ago(patience)
        if not db.set_aside(f"execution:{row['id']}")
    ]
    for row in rows:
        db.put("execution", row["id"], {**row, "updated": db.now})
    return [pick(row, ("id", "action_ref", "parent", "trace_id")) for row in rows[:_MOST]]


@statement("leases", "untold")
def untold(db: Database, patience: float) -> Answer:
    found = []
    for row in db.executions():
        if row["status"] not in ("running", "waiting", "canceling") or not row["is_workflow"]:
            continue
        if row["workflow_run"] is None or row["token"] is None or _set_aside(db, row):
            continue
        for run in current_runs(db, row):
            if run["status"] in ("completed", "failed", "timeout", "cancelled") and run["updated"] < db.ago(patience):
                names = ("id", "token", "workflow_run", "result", "error")
                found.append({**pick(row, names), "status": run["status"]})
    return found[:_MOST]


def current_runs(db: Database, execution: Row) -> list[Row]:
    """The run of the execution's current attempt, if there is one."""
    runs = [db.run(id) for id in db.runs_of.get(execution["id"], ())]
    return [run for run in runs if run["attempt"] == execution["attempt"]]


@statement("leases", "stuck_runs")
def stuck_runs(db: Database, patience: float) -> Answer:
    timed = {timer["workflow_run"] for timer in db.tables["timer"].values()}
    asked = {db.tables["run_request"][id]["workflow_run"] for id in db.open_requests}
    runs = [
        run
        for run in db.tables["workflow_run"].values()
        if run["status"] not in FINALS and run["status"] != "paused" and run["updated"] < db.ago(patience)
        if run["id"] not in timed and run["id"] not in asked
        if all(row["status"] in FINALS for row in db.in_run(run["id"]))
    ]
    return [pick(run, ("id", "workflow_ref", "status")) for run in runs]
