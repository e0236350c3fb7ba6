"""Executions that ask people: the question is a row, nothing runs while it waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_common.contracts.inquiry import InquiryClosed, InquiryCreated
from attune_common.store import inquiries
from attune_common.store.actions_lookup import Action
from attune_common.store.connection import Row
from attune_common.store.executions import Execution
from attune_common.store.inquiries import NewInquiry
from attune_common.store.timers import NewTimer
from attune_core.errors import AttuneError
from attune_core.expressions.markers import holds_secret
from attune_core.model import schema
from attune_core.model.outcome import Outcome
from attune_core.model.parameters import is_flat
from attune_core.model.status import ExecutionStatus
from attune_executor.batch import Batch

RUNTIME = "inquiry"
TIMER = "inquiry"


def problem(parameters: Mapping[str, Any]) -> Outcome | None:
    """Why nobody could answer an inquiry with these parameters."""
    if holds_secret(parameters):
        return Outcome.failed("forbidden_secret", "an inquiry is shown to people: its parameters cannot hold secrets")
    wanted = response_schema(parameters)
    try:
        findings = schema.validate(wanted, parameters.get("default"))
    except AttuneError as wrong:
        return Outcome.failed("input_error", f"the schema of the inquiry cannot be used: {wrong.message}")
    if "default" in parameters and findings:
        path, message = findings[0]
        return Outcome.failed("input_error", f"the inquiry's own schema refuses its default: {path} {message}".strip())
    return None


def response_schema(parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """As JSON Schema, whichever notation was used; None: any answer will do."""
    raw = parameters.get("schema")
    if not isinstance(raw, Mapping) or not raw:
        return None
    if is_flat(raw) and not all(isinstance(part, Mapping) for part in raw.values()):
        return dict(raw)
    return schema.normalise_parameters(raw)


def ask(batch: Batch, row: Execution, action: Action) -> None:
    """The row waits for an answer, or for its deadline. It has its token."""
    row.status = ExecutionStatus.WAITING
    row.started_at = batch.now
    asked = row.parameters or {}
    seconds = _seconds(asked.get("timeout")) or row.timeout or _seconds(action.spec.get("timeout"))
    batch.inquiries.append(_new(row, asked, seconds))
    if seconds is not None:
        target = {"execution": row.id, "token": row.token}
        batch.timers.append(NewTimer(seconds, TIMER, row.workflow_run, target))


def _new(row: Execution, asked: Mapping[str, Any], seconds: float | None) -> NewInquiry:
    assigned = asked.get("assigned_to") or []
    return NewInquiry(
        execution=row.id,
        token=row.token or "",
        prompt=str(asked.get("prompt") or ""),
        schema=response_schema(asked),
        assigned_to=[assigned] if isinstance(assigned, str) else [str(each) for each in assigned],
        default=asked.get("default"),
        has_default="default" in asked,
        seconds=seconds,
    )


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


async def write(batch: Batch) -> None:
    """Store what was asked and close what was cancelled; watchers are told of both."""
    closed = await inquiries.close(batch.unit, batch.unanswered, "cancelled")
    tell_closed(batch, closed, "cancelled")
    opened = await inquiries.insert(batch.unit, batch.inquiries)
    for new in batch.inquiries:
        place = _place(batch.row(new.execution))
        row = opened[new.execution]
        batch.emit(
            InquiryCreated(
                inquiry_id=row["id"],
                execution_id=new.execution,
                prompt=new.prompt,
                assigned_to=list(new.assigned_to),
                timeout_at=row["timeout_at"],
                **place,
            )
        )
    await inquiries.told(batch.unit, batch.answers_told)


def tell_closed(batch: Batch, closed: Mapping[int, Row], status: str) -> None:
    """Rows by execution, as closing them gave them."""
    for execution, row in closed.items():
        told = {"inquiry_id": row["id"], "execution_id": execution, "status": status}
        batch.emit(InquiryClosed.model_validate({**told, **_place(batch.row(execution))}))


def _place(row: Execution | None) -> dict[str, Any]:
    if row is None:
        return {}
    return {"workflow_execution_id": row.workflow_run, "task_name": row.task_name, "task_index": row.task_index}
