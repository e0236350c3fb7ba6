"""/stream where the notifier is a process of its own: the API tells where."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field, StringConstraints

from attune_api import queries
from attune_api.context import Shared
from attune_api.permissions import Permission
from attune_api.routing import declares, router

routes = router("/api/v1/stream", tag="stream")

Word = Annotated[str, StringConstraints(max_length=255)]
Words = Annotated[list[Word], Field(max_length=50)]


class What(BaseModel):
    """As the notifier reads it."""

    execution: queries.Id | None = None
    workflow_execution: queries.Id | None = None
    kind: Words | None = None
    type: Words | None = None
    ref: Word = ""
    pack: Word = ""
    status: Words | None = None
    trace_id: Word = ""
    after: Word = ""


@routes.get("", status_code=307, response_class=Response, summary="Live events: where the notifier serves them")
@declares(Permission.READ, scoped=True)
async def redirect(shared: Shared, request: Request, what: Annotated[What, Query()]) -> Response:
    """The notifier asks for the same token and knows the same parameters."""
    query = f"?{request.url.query}" if request.url.query else ""
    place = f"{shared.settings.notifier_url.rstrip('/')}/api/v1/stream{query}"
    return Response(status_code=307, headers={"Location": place})
