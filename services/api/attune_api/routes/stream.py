"""/stream where the notifier is a process of its own: the API tells where."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from attune_api.context import Shared
from attune_api.names import IdFilter
from attune_api.permissions import Permission
from attune_api.routing import declares, router

routes = router("/api/v1/stream", tag="stream")


@routes.get("", status_code=307, response_class=Response, summary="Live events: where the notifier serves them")
@declares(Permission.READ)
async def redirect(
    shared: Shared,
    request: Request,
    execution: IdFilter = None,
    workflow_execution: IdFilter = None,
    types: Annotated[list[str] | None, Query(alias="type", max_length=50)] = None,
) -> Response:
    """The notifier asks for the same token and knows the same parameters."""
    query = f"?{request.url.query}" if request.url.query else ""
    place = f"{shared.settings.notifier_url.rstrip('/')}/api/v1/stream{query}"
    return Response(status_code=307, headers={"Location": place})
