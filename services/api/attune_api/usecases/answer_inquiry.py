"""Answering an inquiry: the answer is stored in its row, and an executor takes it from there to the run."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from attune_api.auth import HIDDEN, Principal
from attune_api.errors import Conflict, Forbidden, Gone, Invalid, NotFound
from attune_api.permissions import Permission
from attune_common.contracts.inquiry import InquiryResponded
from attune_common.store import inquiries
from attune_common.store.connection import Row
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_core.model import schema
from attune_core.model.names import pack_of

_CLOSED = {
    "timeout": "nobody answered this inquiry in time",
    "cancelled": "what asked this was cancelled",
}


async def answer_inquiry(store: Store, caller: Principal, inquiry: int, response: Any) -> None:
    """Errors: NotFound; Forbidden; Conflict when it is answered; Gone when it is closed; Invalid by its schema."""

    async def work(unit: Unit) -> None:
        row = await inquiries.lock(unit, inquiry)
        if row is None:
            raise NotFound(HIDDEN)
        check_answers(caller, row["assigned_to"], row["belongs_to"])
        _check_open(row)
        await inquiries.respond(unit, inquiry, _accepted(row, response), caller.id)
        unit.emit(
            InquiryResponded(
                inquiry_id=inquiry,
                execution_id=row["execution"],
                responded_by=caller.login,
                workflow_execution_id=row["workflow_run"],
                task_name=row["task_name"],
                task_index=row["task_index"],
            )
        )

    await store.retrying(work)


def may_see(caller: Principal, assigned_to: Collection[str], belongs_to: str) -> bool:
    """Whoever may read the workflow that asks, and whoever is asked."""
    return is_asked(caller, assigned_to) or caller.rights.may(Permission.READ, pack_of(belongs_to))


def is_asked(caller: Principal, assigned_to: Collection[str]) -> bool:
    """By login or by role. An action acts for somebody, but it is nobody who could be asked."""
    return not caller.is_action and (caller.login in assigned_to or caller.role in assigned_to)


def check_answers(caller: Principal, assigned_to: Collection[str], belongs_to: str) -> None:
    """Errors: NotFound when the caller may not even see it; Forbidden."""
    if not may_see(caller, assigned_to, belongs_to):
        raise NotFound(HIDDEN)
    if caller.is_action:
        raise Forbidden("an action cannot answer an inquiry", hint="answer with a token of a person or a service")
    if Permission.ADMIN in caller.granted or is_asked(caller, assigned_to):
        return
    if assigned_to:
        allowed = ", ".join(assigned_to)
        raise Forbidden("this inquiry is assigned to others", code="not_assigned", hint=f"{allowed} may answer")
    caller.require(Permission.RUN, pack_of(belongs_to))


def _check_open(row: Row) -> None:
    status = row["status"]
    if status == "responded":
        raise Conflict("this inquiry has been answered", code="already_answered")
    if status in _CLOSED:
        raise Gone(_CLOSED[status], code="inquiry_closed")
    if row["late"]:
        raise Gone(_CLOSED["timeout"], code="inquiry_closed", hint=f"it was open until {row['timeout_at']:%F %T} UTC")


def _accepted(row: Row, response: Any) -> Any:
    """With the schema's defaults."""
    filled = schema.apply_defaults(row["response_schema"], response)
    findings = schema.validate(row["response_schema"], filled)
    if findings:
        raise Invalid.of_schema(findings, "body.response", "invalid_response")
    return filled
