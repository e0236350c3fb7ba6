"""Models of sql/executions.sql."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.simulator.database import FINALS, LEASED, Database, Row, pick, unique
from tests.simulator.statements import Answer, columns, statement

LOCKED = (
    "id", "action_ref", "status", "trace_id", "attempt", "token", "parent", "root", "workflow_run", "task_name",
    "iteration", "task_index", "depth", "is_workflow", "tries", "max_retries", "losses", "attempts_before", "timeout",
    "pool", "cancel_requested", "identity", "rule_ref", "trigger_ref", "event", "worker", "pack_version",
    "started_at", "completed_at", "claim",
)  # fmt: skip
_INSERTED = (
    "id", "action_ref", "status", "attempt", "token", "parent", "root", "workflow_run", "task_name", "iteration",
    "task_index", "depth", "is_workflow", "max_retries", "timeout", "pool", "parameters", "result", "error",
    "cancel_requested", "identity", "rule_ref", "trigger_ref", "event", "trace_id", "pack_version",
    "started_at", "completed_at", "secrets",
)  # fmt: skip
_UPDATED = (
    "id", "status", "attempt", "token", "tries", "losses", "is_workflow", "root", "timeout", "pack_version",
    "parameters", "result",
    "error", "cancel_requested", "worker", "started_at", "completed_at", "secrets",
    "keeps_lease", "seen",
)  # fmt: skip
_JSON = frozenset({"parameters", "result", "error", "secrets"})
_DEFAULTS: Row = {
    "tries": 1, "losses": 0, "attempts_before": 0, "worker": None, "lease_until": None, "scheduled_at": None,
    "cancel_requested": False, "idempotency_key": None, "request_digest": None, "secrets": None,
    "claim": None,
}  # fmt: skip


def _locked(db: Database, ids: list[int]) -> list[Row]:
    table = db.tables["execution"]
    return [pick(table[id], LOCKED) for id in sorted(set(ids)) if id in table]


@statement("executions", "lock")
def lock(db: Database, ids: list[int]) -> Answer:
    return _locked(db, ids)


@statement("executions", "glance")
def glance(db: Database, ids: list[int]) -> Answer:
    return [{**row, "seen": db.tables["execution"][row["id"]]} for row in _locked(db, ids)]


@statement("openings", "reports")
def of_reports(db: Database, ids: list[int], triggers: list[str]) -> Answer:
    """The version of an execution is its row, that of a run its revision. There are no packs."""
    rows = _opening(db, ids)
    for row in rows:
        run = db.tables["workflow_run"].get(row["workflow_run"]) or {"id": None, "revision": None, "pack_ref": None}
        row |= {**pick(run, ("id", "revision", "pack_ref")), "pack_seen": None}
    return rows


@statement("openings", "requests")
def of_requests(db: Database, ids: list[int], triggers: list[str]) -> Answer:
    rows = _opening(db, ids)
    for row in rows:
        action = db.tables["action"].get(row["action_ref"])
        row["run"] = db.number("workflow_run") if action and action["is_workflow"] else None
        row |= pick(db.tables["execution"][row["execution"]], ("parameters", "secrets"))
        row |= {"login": "user", "config": {}, "config_secrets": None}
    return rows


def _opening(db: Database, ids: list[int]) -> list[Row]:
    rows = []
    for row in _locked(db, ids):
        told = {"execution": row.pop("id"), **row, "now": db.now, "heard": [], "registered": 1}
        rows.append({**told, "seen": db.tables["execution"][told["execution"]], "new_id": db.number("execution")})
    return rows


@statement("executions", "lock_keys")
def lock_keys(db: Database, *keys: list[Any]) -> Answer:
    return _locked(db, [db.by_place[key] for key in zip(*keys, strict=True) if key in db.by_place])


@statement("executions", "lock_live")
def lock_live(db: Database, *tasks: list[Any]) -> Answer:
    wanted = set(zip(*tasks, strict=True))
    rows = [row for run in {key[0] for key in wanted} for row in db.in_run(run)]
    live = [row for row in rows if (row["workflow_run"], row["task_name"], row["iteration"]) in wanted]
    return _locked(db, [row["id"] for row in live if row["status"] not in FINALS])


@statement("executions", "lock_workflows")
def lock_workflows(db: Database, runs: list[int]) -> Answer:
    rows = [row for run in runs for row in db.in_run(run) if row["is_workflow"]]
    return _locked(db, [row["id"] for row in rows if row["status"] not in FINALS])


@statement("executions", "parameters")
def parameters(db: Database, ids: list[int]) -> Answer:
    return [pick(row, ("id", "parameters", "secrets")) for id in ids if (row := db.execution(id)) is not None]


@statement("executions", "allocate")
def allocate(db: Database, count: int) -> Answer:
    return [{"id": db.number("execution")} for _ in range(count)]


@statement("executions", "insert")
def insert(db: Database, *values: list[Any]) -> Answer:
    rows = columns(_JSON, _INSERTED, values)
    for row in rows:
        row["status"] = str(row["status"])
        scheduled = {"scheduled_at": db.now} if row["status"] == "scheduled" else {}
        row["parameters"] = row["parameters"] or {}
        add(db, {**_DEFAULTS, **row, **scheduled})
    return len(rows)


def add(db: Database, row: Row) -> None:
    """Errors: UniqueViolationError."""
    place = (row["workflow_run"], row["task_name"], row["iteration"], row["task_index"])
    if row["workflow_run"] is not None and place in db.by_place:
        raise unique("idx_execution_task")
    db.put("execution", row["id"], {**row, "created": db.now, "updated": db.now})


@statement("executions", "update")
def update(db: Database, *values: list[Any]) -> Answer:
    rows = columns(_JSON, _UPDATED, values)
    for new in rows:
        old = db.execution(new["id"])
        if old is not None:
            db.put("execution", new["id"], _updated(db, old, new))
    return len(rows)


def _updated(db: Database, old: Row, new: Row) -> Row:
    new["status"] = str(new["status"])
    keeps_lease, _ = new.pop("keeps_lease"), new.pop("seen")
    if new["parameters"] is None:
        new["parameters"], new["secrets"] = old["parameters"], old["secrets"]
    if new["status"] in ("running", "waiting") and new["tries"] == old["tries"]:
        for name in ("result", "error"):
            new[name] = old[name] if new[name] is None else new[name]
    if new["status"] == "scheduled" and old["token"] != new["token"]:
        new["scheduled_at"] = db.now
    return {**old, **new, "lease_until": old["lease_until"] if keeps_lease else None, "updated": db.now}


@statement("executions", "insert_attempts")
def insert_attempts(db: Database, *values: list[Any]) -> Answer:
    names = ("execution", "attempt", "status", "error", "worker", "started_at", "completed_at")
    rows = columns(_JSON, names, values)
    for row in rows:
        key = (row["execution"], row["attempt"])
        if key not in db.tables["execution_attempt"]:
            db.put("execution_attempt", key, {**row, "status": str(row["status"])})
    return len(rows)


@statement("executions", "start_over")
def start_over(db: Database, ids: list[int]) -> Answer:
    names = ("attempt", "status", "error", "worker", "started_at", "completed_at")
    for id in ids:
        row = db.tables["execution"][id]
        if (id, row["attempt"]) not in db.tables["execution_attempt"]:
            db.put("execution_attempt", (id, row["attempt"]), {"execution": id, **pick(row, names)})
        db.put("execution", id, {**row, "attempts_before": row["attempt"]})
    return len(ids)


@statement("executions", "failed_items")
def failed_items(db: Database, run: int, task: str, iteration: int, *window: int) -> Answer:
    first, until, limit = window
    bad = ("failed", "timeout", "cancelled", "abandoned")
    of_task = (row for row in db.in_run(run) if (row["task_name"], row["iteration"]) == (task, iteration))
    items = (row for row in of_task if row["task_index"] is not None and first <= row["task_index"] < until)
    found = sorted((row["task_index"], row["status"]) for row in items if row["status"] in bad)
    return [{"task_index": index, "status": status} for index, status in found[:limit]]


@statement("executions", "results")
def results(db: Database, *tasks: list[Any]) -> Answer:
    names = ("workflow_run", "task_name", "iteration", "task_index", "status", "result", "error")
    wanted = set(zip(*tasks, strict=True))
    rows = [row for run in sorted({key[0] for key in wanted}) for row in db.in_run(run)]
    return [pick(r, names) for r in rows if (r["workflow_run"], r["task_name"], r["iteration"]) in wanted]


@statement("executions", "accept")
def accept(db: Database, ids: list[int], tokens: list[str], workers: list[str], lease: float) -> Answer:
    """Of two workers that accept the same attempt in one batch, one gets the lease."""
    names = ("id", "action_ref", "status", "token", "root", "workflow_run", "task_name", "task_index", "attempt",
             "cancel_requested")  # fmt: skip
    done = []
    for id, token, worker in zip(ids, tokens, workers, strict=True):
        row = db.execution(id)
        known = row is not None and (row["token"] == token or "accepted_tokens" in db.off)
        if row is None or not known or row["status"] not in ("scheduled", "canceling"):
            continue
        if row["lease_until"] is None:
            status = "canceling" if row["cancel_requested"] else "running"
            leased = {"status": status, "worker": worker, "lease_until": db.now + timedelta(seconds=lease)}
            db.put("execution", id, {**row, **leased, "started_at": db.now, "updated": db.now})
            done.append(pick(db.tables["execution"][id], names))
    return done


@statement("executions", "begin_anew")
def begin_anew(db: Database, *held: list[Any]) -> Answer:
    rows = [(db.execution(id), token, worker) for id, token, worker in zip(*held, strict=True)]
    running = [row for row, *of in rows if row is not None and [row["token"], row["worker"]] == of]
    for row in running:
        if row["status"] == "running":
            db.put("execution", row["id"], {**row, "started_at": db.now, "updated": db.now})
    return len(running)


@statement("executions", "current_tokens")
def current_tokens(db: Database, ids: list[int], tokens: list[str]) -> Answer:
    rows = [(db.execution(id), token) for id, token in zip(ids, tokens, strict=True)]
    return [{"token": t} for row, t in rows if row is not None and row["token"] == t and row["status"] not in FINALS]


def leased(row: Row, tokens: set[str]) -> bool:
    return row["lease_until"] is not None and row["token"] in tokens and row["status"] in LEASED
