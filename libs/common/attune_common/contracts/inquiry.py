"""Messages about questions to people: asked, answered, closed without an answer. What was answered is read by REST."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from attune_common.contracts.base import Message


class InquiryCreated(Message):
    """An execution waits for an answer. `assigned_to`: logins and roles that may give it; empty: anyone who may run."""

    inquiry_id: int
    execution_id: int
    prompt: str
    assigned_to: list[str] = Field(default_factory=list)
    timeout_at: AwareDatetime | None = None
    workflow_execution_id: int | None = None
    task_name: str | None = None
    task_index: int | None = None


class InquiryResponded(Message):
    """Somebody has answered; an executor takes the answer to the execution."""

    inquiry_id: int
    execution_id: int
    responded_by: str = ""
    workflow_execution_id: int | None = None
    task_name: str | None = None
    task_index: int | None = None


class InquiryClosed(Message):
    """No answer is accepted any more: the time is over, or what asked was cancelled."""

    inquiry_id: int
    execution_id: int
    status: Literal["timeout", "cancelled"]
    workflow_execution_id: int | None = None
    task_name: str | None = None
    task_index: int | None = None
