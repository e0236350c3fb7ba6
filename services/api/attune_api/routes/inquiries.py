"""/inquiries: questions to people, and their answers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from attune_api import queries
from attune_api.auth import HIDDEN, Caller, Principal
from attune_api.context import Context, Shared
from attune_api.errors import NotFound
from attune_api.names import Id
from attune_api.paging import Keyset, Page
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.usecases.answer_inquiry import answer_inquiry, may_see
from attune_api.views import inquiries as views
from attune_common.store import inquiry_views

routes = router("/api/v1/inquiries", tag="inquiries")
_BY_ID = Keyset("inquiries", ("id",), (int,))


class Answer(BaseModel):
    """`response`: any JSON that the inquiry's schema accepts."""

    model_config = ConfigDict(extra="forbid")

    response: Any


@routes.get("", response_model=Page[views.Inquiry], summary="List inquiries, newest first")
@declares(Permission.IDENTIFIED)
async def page(shared: Shared, caller: Caller, query: Annotated[queries.Inquiries, Query()]) -> Page[views.Inquiry]:
    """Those of the packs that the caller may read, and those that it is asked."""
    wanted = query.filter(caller)
    return await _BY_ID.listed(
        shared.store, query,
        lambda connection, before, most: inquiry_views.page(connection, before, wanted, most),
        views.inquiry,
    )  # fmt: skip


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


async def _read(shared: Context, caller: Principal, inquiry: int) -> views.Inquiry:
    async with shared.store.connection() as connection:
        row = await inquiry_views.get(connection, inquiry)
    if row is None or not may_see(caller, row["assigned_to"], row["belongs_to"]):
        raise NotFound(HIDDEN)
    return views.inquiry(row)
