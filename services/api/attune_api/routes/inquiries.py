"""/inquiries: questions to people, and their answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from attune_api.auth import HIDDEN, Caller, Principal
from attune_api.context import Context, Shared
from attune_api.errors import NotFound
from attune_api.names import Id, IdFilter
from attune_api.paging import Cursor, Keyset, Limit, Page
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.usecases.answer_inquiry import answer_inquiry, may_see
from attune_api.views import inquiries as views
from attune_common.store import inquiry_views
from attune_common.store.inquiry_views import Filter

routes = router("/api/v1/inquiries", tag="inquiries")
_BY_ID = Keyset("inquiries", ("id",), (int,))

Status = Literal["pending", "responded", "timeout", "cancelled"]
Assignee = Annotated[str | None, Query(max_length=255, description="A login or a role that may answer.")]
Mine = Annotated[bool, Query(description="Only those assigned to the caller or to its role.")]


class Answer(BaseModel):
    """`response`: any JSON that the inquiry's schema accepts."""

    model_config = ConfigDict(extra="forbid")

    response: Any


@routes.get("", response_model=Page[views.Inquiry], summary="List inquiries, newest first")
@declares(Permission.IDENTIFIED)
async def page(
    shared: Shared,
    caller: Caller,
    status: Annotated[Status | None, Query()] = None,
    execution: IdFilter = None,
    workflow_execution: IdFilter = None,
    assigned_to: Assignee = None,
    mine: Mine = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[views.Inquiry]:
    """Those of the packs that the caller may read, and those that it is asked."""
    after, names = _BY_ID.after(cursor), _names(caller)
    wanted = Filter(status, execution, workflow_execution, assigned_to, names if mine else None, caller.packs(), names)
    async with shared.store.connection() as connection:
        rows = await inquiry_views.page(connection, after[0] if after else None, wanted, limit + 1)
    shown, following = _BY_ID.page(rows, limit)
    return Page(items=[views.inquiry(row) for row in shown], next=following)


@routes.get("/{id}", response_model=views.Inquiry, summary="One inquiry")
@declares(Permission.IDENTIFIED, refusals=(404,))
async def one(shared: Shared, caller: Caller, id: Id) -> views.Inquiry:
    return await _read(shared, caller, id)


@routes.post("/{id}/respond", response_model=views.Inquiry, summary="Answer an inquiry")
@declares(Permission.IDENTIFIED, refusals=(404, 409, 410))
async def respond(shared: Shared, caller: Caller, id: Id, body: Answer) -> views.Inquiry:
    """Whom it is assigned to may, and an administrator. Once: a second answer is refused."""
    await answer_inquiry(shared.store, caller, id, body.response)
    return await _read(shared, caller, id)


def _names(caller: Principal) -> tuple[str, ...]:
    return (caller.login, caller.role) if caller.kind == "person" else ()


async def _read(shared: Context, caller: Principal, inquiry: int) -> views.Inquiry:
    async with shared.store.connection() as connection:
        row = await inquiry_views.get(connection, inquiry)
    if row is None or not may_see(caller, row["assigned_to"], row["belongs_to"]):
        raise NotFound(HIDDEN)
    return views.inquiry(row)
