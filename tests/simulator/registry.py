"""What is registered in the model database: actions, workflows, a rule."""

from __future__ import annotations

from typing import Any

from tests.simulator.database import Database, Row
from tests.simulator.plans import Plan


def fill(database: Database, plan: Plan) -> None:
    with database.transaction():
        for number, (ref, definition) in enumerate(plan.workflows.items()):
            digest = f"digest-{ref}"
            database.put("workflow_version", digest, definition)
            database.put("action", ref, _action(ref, "workflow", workflow_def=number + 1, version=digest))
        database.put("action", "test.work", _action("test.work", "python", spec={"idempotent": True}))
        database.put("action", "test.once", _action("test.once", "python"))
        database.put("action", "test.ask", _action("test.ask", "inquiry"))
        database.put("rule", 1, _rule())


def _action(
    ref: str, runtime: str, *, spec: Row | None = None, workflow_def: int | None = None, version: str | None = None
) -> Row:
    is_workflow = workflow_def is not None
    row: dict[str, Any] = {"ref": ref, "pack_ref": "test", "runtime": runtime, "entry_point": "", "param_schema": None}
    row |= {"spec": spec or {}, "is_workflow": is_workflow, "enabled": True, "workflow_def": workflow_def}
    return row | {
        "pack_digest": "pack",
        "pack_enabled": True,
        "pack_version": 1,
        "version": version,
        "workflow_enabled": True if is_workflow else None,
    }


def _rule() -> Row:
    return {
        "id": 1,
        "ref": "test.rule",
        "trigger_ref": "test.trigger",
        "criteria": None,
        "action_ref": "test.leaf",
        "action_params": {},
        "owner": 1,
        "rate_limit": None,
        "pack_ref": "test",
    }
