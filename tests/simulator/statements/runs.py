"""Models of sql/runs.sql, tasks.sql, journal.sql and items.sql."""

from __future__ import annotations

from typing import Any

from tests.simulator.database import FINALS, Database, pick, unique
from tests.simulator.statements import Answer, columns, plain, statement
from tests.simulator.statements.leases import current_runs

_OF_EXECUTION = (
    "parameters", "secrets", "token", "pack_version", "trace_id", "root", "depth", "identity", "rule_ref",
    "trigger_ref", "action_ref", "task_name", "iteration", "task_index",
)  # fmt: skip
_OF_RUN = (
    "id", "execution", "attempt", "workflow_ref", "workflow_def", "version", "pack_ref", "status", "revision", "tries",
    "state", "variables",
)  # fmt: skip


@statement("runs", "lock_free")
@statement("runs", "lock")
def lock(db: Database, ids: list[int]) -> Answer:
    """A transaction of the model is alone: all are free."""
    runs = [db.run(id) for id in sorted(set(ids)) if id in db.tables["workflow_run"]]
    pack = {"config": {}, "config_secrets": None}
    return [{**pick(run, ("id", "revision", "status")), **pack, "now": db.now} for run in runs]


@statement("runs", "load")
def load(db: Database, ids: list[int]) -> Answer:
    found = []
    for run in (db.run(id) for id in ids):
        row = db.tables["execution"][run["execution"]]
        known = {**pick(run, _OF_RUN), **pick(row, _OF_EXECUTION)}
        found.append({**known, "parent_run": row["workflow_run"], "login": "user"})
    return found


@statement("runs", "insert")
def insert(db: Database, *values: list[Any]) -> Answer:
    names = (
        "id", "execution", "attempt", "workflow_ref", "workflow_def", "version", "pack_ref", "created", "revision",
        "status", "state", "variables", "tries", "error_message", "completed_at",
    )  # fmt: skip
    rows = columns(frozenset({"state", "variables"}), names, values)
    for new in rows:
        if any(db.run(id)["attempt"] == new["attempt"] for id in db.runs_of.get(new["execution"], ())):
            raise unique("workflow_run_execution_attempt_key")
        new["variables"] = new["variables"] or {}
        db.put("workflow_run", new["id"], {**new, "updated": db.now})
    return len(rows)


@statement("runs", "allocate")
def allocate(db: Database, count: int) -> Answer:
    return [{"id": db.number("workflow_run")} for _ in range(count)]


@statement("runs", "origins")
def origins(db: Database, ids: list[int], *_: list[Any]) -> Answer:
    return [{"id": id, "login": "user", "config": {}, "config_secrets": None} for id in ids]


@statement("runs", "paused")
def paused(db: Database, ids: list[int]) -> Answer:
    return [{"id": id} for id in ids if db.run(id)["status"] in ("pausing", "paused")]


@statement("runs", "definitions")
def definitions(db: Database, digests: list[str]) -> Answer:
    versions = db.tables["workflow_version"]
    return [{"digest": digest, "definition": versions[digest]} for digest in digests if digest in versions]


@statement("runs", "update")
def update(db: Database, *values: list[Any]) -> Answer:
    names = ("id", "revision", "status", "state", "variables", "tries", "error_message", "completed_at", "seen")
    rows = columns(frozenset({"state", "variables"}), names, values)
    for new in rows:
        del new["seen"]
        old = db.run(new["id"])
        new["variables"] = old["variables"] if new["variables"] is None else new["variables"]
        db.put("workflow_run", new["id"], {**old, **new, "updated": db.now})
    return len(rows)


@statement("runs", "of_executions")
def of_executions(db: Database, ids: list[int]) -> Answer:
    rows = [row for id in ids if (row := db.execution(id)) is not None]
    return [pick(run, ("id", "execution")) for row in rows for run in current_runs(db, row)]


@statement("runs", "children")
def children(db: Database, ids: list[int]) -> Answer:
    found = []
    for row in (row for run in sorted(set(ids)) for row in db.in_run(run)):
        if row["is_workflow"] and row["status"] not in FINALS:
            live = [run for run in current_runs(db, row) if run["status"] not in FINALS]
            found += [{"id": run["id"], "parent_run": row["workflow_run"]} for run in live]
    return sorted(found, key=lambda each: each["id"])


@statement("runs", "insert_requests")
def insert_requests(db: Database, runs: list[int], kinds: list[str], details: list[Any]) -> Answer:
    for run, kind, detail in zip(runs, kinds, plain(details), strict=True):
        id = db.number("run_request")
        row = {"id": id, "workflow_run": run, "kind": kind, "detail": detail, "done": False, "created": db.now}
        db.put("run_request", id, row)
    return len(runs)


@statement("runs", "lock_requests")
def lock_requests(db: Database, runs: list[int]) -> Answer:
    rows = [db.tables["run_request"][id] for id in sorted(db.open_requests)]
    return [pick(row, ("id", "workflow_run", "kind", "detail")) for row in rows if row["workflow_run"] in runs]


@statement("runs", "close_requests")
def close_requests(db: Database, ids: list[int]) -> Answer:
    for id in ids:
        db.put("run_request", id, {**db.tables["run_request"][id], "done": True})
    return len(ids)


@statement("runs", "open_requests")
def open_requests(db: Database, patience: float) -> Answer:
    rows = [db.tables["run_request"][id] for id in sorted(db.open_requests)]
    late = [row for row in rows if row["created"] < db.ago(patience)]
    return [pick(row, ("workflow_run", "kind")) for row in late if not db.set_aside(f"run:{row['workflow_run']}")]


@statement("incidents", "open")
def open_incident(db: Database, kind: str, subject: str, detail: dict[str, Any]) -> Answer:
    """Nothing follows: it is a violation."""
    db.put("incident", (kind, subject), {"kind": kind, "subject": subject, "detail": plain(detail)})
    return [{"id": 1, "opened": True}]


@statement("dead_letters", "insert")
def keep_letters(db: Database, *_: list[Any]) -> Answer:
    """What an incident keeps."""
    return []


@statement("tasks", "load")
def load_tasks(db: Database, runs: list[int]) -> Answer:
    names = ("workflow_run", "task_name", "state")
    return [pick(row, names) for row in db.tables["workflow_task"].values() if row["workflow_run"] in runs]


@statement("tasks", "insert")
def insert_tasks(db: Database, *values: list[Any]) -> Answer:
    """Errors: UniqueViolationError."""
    return _put_tasks(db, values, there=False)


@statement("tasks", "update")
def update_tasks(db: Database, *values: list[Any]) -> Answer:
    return _put_tasks(db, values, there=True)


def _put_tasks(db: Database, values: tuple[list[Any], ...], *, there: bool) -> Answer:
    rows = columns(frozenset({"state"}), ("workflow_run", "task_name", "status", "state"), values)
    for row in rows:
        key = (row["workflow_run"], row["task_name"])
        if (key in db.tables["workflow_task"]) is there:
            db.put("workflow_task", key, row)
        elif not there:
            raise unique("workflow_task_pkey")
    return len(rows)


@statement("journal", "append")
def append(db: Database, *values: list[Any]) -> Answer:
    names = ("workflow_run", "revision", "signal", "commands", "facts")
    rows = columns(frozenset(names[2:]), names, values)
    for row in rows:
        key = (row["workflow_run"], row["revision"])
        if key in db.tables["journal"]:
            raise unique("journal_pkey")
        db.put("journal", key, row)
    return len(rows)


@statement("items", "insert")
def insert_items(db: Database, *values: list[Any]) -> Answer:
    names = ("workflow_run", "task_name", "iteration", "first_index", "items")
    rows = columns(frozenset({"items"}), names, values)
    for row in rows:
        key = (row["workflow_run"], row["task_name"], row["iteration"], row["first_index"])
        if key in db.tables["workflow_items"]:
            raise unique("workflow_items_pkey")
        db.put("workflow_items", key, row)
    return len(rows)


@statement("items", "fetch")
def fetch_items(db: Database, *keys: list[Any]) -> Answer:
    table = db.tables["workflow_items"]
    return [table[key] for key in zip(*keys, strict=True) if key in table]
