"""Models of sql/requests.sql, actions_lookup.sql, events_matching.sql and the opening of events."""

from __future__ import annotations

from typing import Any

from tests.simulator.database import Database, Row, pick, unique
from tests.simulator.statements import Answer, columns, plain, statement
from tests.simulator.statements.executions import add

_EMPTY: Row = {
    "attempt": 1, "token": None, "parent": None, "root": None, "workflow_run": None, "task_name": None,
    "iteration": None, "task_index": None, "depth": 0, "tries": 1, "max_retries": 0, "losses": 0,
    "attempts_before": 0, "timeout": None,
    "pool": None, "result": None, "error": None, "worker": None, "lease_until": None, "scheduled_at": None,
    "cancel_requested": False, "rule_ref": None, "trigger_ref": None, "event": None, "started_at": None,
    "completed_at": None, "secrets": None, "pack_version": None, "claim": None,
}  # fmt: skip


@statement("requests", "insert")
def insert(db: Database, *values: Any) -> Answer:
    names = (
        "action_ref", "is_workflow", "identity", "trace_id", "idempotency_key", "request_digest", "parent",
        "depth", "event",
        "parameters", "secrets",
    )  # fmt: skip
    stored = []
    for place, new in enumerate(columns(frozenset({"parameters", "secrets"}), names, values), 1):
        id = db.number("execution")
        if new["idempotency_key"] is None or not _by_key(db, new["identity"], new["idempotency_key"]):
            add(db, {**_EMPTY, **new, "id": id, "status": "requested"})
            stored.append({"place": place, "id": id, "created": db.now})
    return stored


@statement("requests", "opening")
def opening(db: Database, count: int) -> Answer:
    return [{"now": db.now, "registered": 1, "ids": [db.number("execution") for _ in range(count)]}]


@statement("requests", "insert_new")
def insert_new(db: Database, *values: Any) -> Answer:
    names = (
        "id", "action_ref", "is_workflow", "identity", "trace_id", "request_digest", "parent", "depth", "event",
        "parameters", "secrets",
    )  # fmt: skip
    rows = columns(frozenset({"parameters", "secrets"}), names, values[:-1])
    for new in rows:
        add(db, {**_EMPTY, **new, "idempotency_key": None, "status": "requested"})
    return len(rows)


def _by_key(db: Database, identity: int | None, key: str) -> list[Row]:
    rows = db.tables["execution"].values()
    return [row for row in rows if row["idempotency_key"] == key and row["identity"] == identity]


@statement("rights", "of")
def rights_of(db: Database, ids: list[int]) -> Answer:
    """Everybody may everything."""
    return [{"id": id, "login": "user", "role": "admin", "enabled": True, "grants": None} for id in ids]


@statement("requests", "by_idempotency_keys")
def by_idempotency_keys(db: Database, identities: list[int | None], keys: list[str]) -> Answer:
    pairs = enumerate(zip(identities, keys, strict=True), 1)
    return [{"place": n, **pick(row, ("id", "request_digest"))} for n, key in pairs for row in _by_key(db, *key)]


@statement("requests", "lock_execution")
def lock_execution(db: Database, id: int) -> Answer:
    names = (
        "id", "action_ref", "status", "attempt", "token", "parent", "root", "workflow_run", "task_name", "task_index",
        "is_workflow", "cancel_requested", "pool",
    )  # fmt: skip
    row = db.execution(id)
    return [] if row is None else [pick(row, names)]


@statement("requests", "latest_run")
def latest_run(db: Database, execution: int) -> Answer:
    runs = [db.run(id) for id in db.runs_of.get(execution, ())]
    return [pick(max(runs, key=lambda run: run["attempt"]), ("id", "status"))] if runs else []


@statement("requests", "run")
def run(db: Database, id: int) -> Answer:
    if id not in db.tables["workflow_run"]:
        return []
    row = db.run(id)
    parent = db.tables["execution"][row["execution"]]["parent"]
    asked = [db.tables["run_request"][number] for number in sorted(db.open_requests)]
    kinds = [each["kind"] for each in asked if each["workflow_run"] == id and each["kind"] in ("pause", "resume")]
    found = pick(row, ("id", "status", "execution", "workflow_ref"))
    return [{**found, "parent": parent, "asked": kinds[-1] if kinds else None}]


@statement("requests", "request_cancel")
def request_cancel(db: Database, id: int) -> Answer:
    db.put("execution", id, {**db.tables["execution"][id], "cancel_requested": True, "updated": db.now})
    return 1


@statement("requests", "finish_cancelled")
def finish_cancelled(db: Database, id: int, error: dict[str, Any]) -> Answer:
    ended = {"status": "cancelled", "cancel_requested": True, "error": plain(error), "lease_until": None}
    db.put("execution", id, {**db.tables["execution"][id], **ended, "completed_at": db.now, "updated": db.now})
    return 1


@statement("requests", "waiting")
def waiting(db: Database, most: int) -> Answer:
    return [{"count": min(most, sum(row["status"] in ("requested", "scheduled") for row in db.executions()))}]


@statement("actions_lookup", "resolve")
def resolve(db: Database, refs: list[str], pins: list[int | None]) -> Answer:
    known = db.tables["action"]
    return [{**known[ref], "pin": pin} for ref, pin in zip(refs, pins, strict=True) if ref in known]


@statement("actions_lookup", "kv")
def kv(db: Database, keys: list[str]) -> Answer:
    return [{"key": key, "value": db.tables["kv"][key]} for key in keys if key in db.tables["kv"]]


_OF_EVENT = ("id", "trigger_ref", "payload", "secrets", "source", "trace_id", "depth", "created")


@statement("events_matching", "lock")
def lock_events(db: Database, ids: list[int]) -> Answer:
    rows = [row for id in sorted(set(ids)) if (row := db.tables["event"].get(id)) is not None]
    return [pick(row, _OF_EVENT) for row in rows if not row["matched"] or "event_marks" in db.off]


@statement("openings", "events")
def of_events(db: Database, ids: list[int], triggers: list[str]) -> Answer:
    rows = lock_events(db, ids)
    assert isinstance(rows, list)
    told = {"now": db.now, "heard": [], "registered": 1}
    seen = db.tables["event"]
    return [{**row, **told, "seen": seen[row["id"]], "new_id": db.number("execution")} for row in rows]


@statement("events_matching", "rules")
def rules(db: Database, triggers: list[str]) -> Answer:
    return [row for row in db.tables["rule"].values() if row["trigger_ref"] in triggers]


@statement("events_matching", "configs")
def configs(db: Database, packs: list[str]) -> Answer:
    return [{"ref": ref, "config": {}, "config_secrets": None} for ref in packs]


@statement("events_matching", "insert")
def insert_enforcements(db: Database, *values: list[Any]) -> Answer:
    names = ("rule", "rule_ref", "event", "matched", "reason", "execution")
    rows = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
    for row in rows:
        key = (row["event"], row["rule_ref"])
        if key in db.tables["enforcement"] and "event_keys" not in db.off:
            raise unique("enforcement_event_rule_ref_key")
        db.put("enforcement", key, row)
    return len(rows)


@statement("events_matching", "done")
def done(db: Database, ids: list[int], versions: list[Any]) -> Answer:
    for id in ids:
        db.put("event", id, {**db.tables["event"][id], "matched": True})
    return len(ids)


@statement("events_matching", "forgotten")
def forgotten(db: Database, patience: float) -> Answer:
    rows = db.tables["event"].values()
    late = [row for row in rows if not row["matched"] and row["created"] < db.ago(patience)]
    return [pick(row, ("id",)) for row in late if not db.set_aside(f"event:{row['id']}")]


@statement("events", "insert")
def insert_event(db: Database, trigger: str, payload: Any, source: Any, key: str | None, *rest: Any) -> Answer:
    rows = db.tables["event"].values()
    if key is not None and any((row["trigger_ref"], row["dedup_key"]) == (trigger, key) for row in rows):
        return []
    id = db.number("event")
    row = {"id": id, "trigger_ref": trigger, "payload": plain(payload), "source": plain(source), "dedup_key": key}
    db.put("event", id, {**row, "trace_id": rest[0], "depth": rest[1], "matched": False, "created": db.now})
    return [{"id": id}]


@statement("events", "by_dedup_key")
def by_dedup_key(db: Database, trigger: str, key: str) -> Answer:
    rows = db.tables["event"].values()
    return [pick(row, ("id",)) for row in rows if (row["trigger_ref"], row["dedup_key"]) == (trigger, key)]
