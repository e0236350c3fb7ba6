"""Inquiries as clients see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from attune_api.views.secrets import masked
from attune_common.store.connection import Row


class Inquiry(BaseModel):
    """A question to people. `status`: pending, responded, timeout (nobody answered in time), cancelled.

    `schema`: JSON Schema of the answer, null when any will do. `assigned_to`: logins and roles that may answer; empty:
    everyone who may run things. `default`: the answer when nobody gives one by `timeout_at`; counts if `has_default`.
    `workflow_execution`, `task_name`, `task_index`: the task that waits, if it is one of a workflow.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    id: int
    execution: int
    workflow_execution: int | None
    task_name: str | None
    task_index: int | None
    action: str
    prompt: str
    response_schema: dict[str, Any] | None = Field(alias="schema")
    assigned_to: list[str]
    default: Any = None
    has_default: bool
    status: str
    response: Any = None
    responded_by: str | None
    timeout_at: datetime | None
    created: datetime
    closed: datetime | None


def inquiry(row: Row) -> Inquiry:
    """Parts of the answer that the schema marks secret are masked."""
    schema = row["response_schema"]
    names = ("id", "execution", "workflow_execution", "task_name", "task_index", "prompt", "assigned_to", "has_default")
    rest = ("status", "responded_by", "timeout_at", "created", "closed", "response_schema")
    return Inquiry(
        **{name: row[name] for name in names + rest},
        action=row["action_ref"],
        default=masked(schema, row["default_response"]),
        response=masked(schema, row["response"]),
    )
