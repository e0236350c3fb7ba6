"""/incidents: what must not happen and did; what it set aside goes on, or is cancelled, when it is resolved."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from attune_api import belongs, queries
from attune_api.auth import Caller
from attune_api.context import Context, Shared
from attune_api.errors import NotFound
from attune_api.names import Id
from attune_api.paging import Keyset, Page
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.usecases.resolve_incident import Action, resolve_incident
from attune_api.views import troubles as views
from attune_common.store import incidents

routes = router("/api/v1/incidents", tag="incidents")
_BY_ID = Keyset("incidents", ("id",), (int,))


class Resolution(BaseModel):
    """`continue`: it is tried again, with the messages that were kept; `cancel`: the run or execution is ended."""

    model_config = ConfigDict(extra="forbid", strict=True)

    action: Action = "continue"
    note: str = Field("", max_length=1000, pattern=r"^[^\x00]*$", description="For whoever reads this later.")


@routes.get("", response_model=Page[views.IncidentSummary], summary="List incidents, newest first")
@declares(Permission.READ, scoped=True)
async def page(
    shared: Shared, caller: Caller, query: Annotated[queries.Incidents, Query()]
) -> Page[views.IncidentSummary]:
    """Those of runs, executions and events that the caller may see."""
    wanted = query.filter(caller)
    return await _BY_ID.listed(
        shared.store, query,
        lambda connection, before, most: incidents.page(connection, before, wanted, most),
        views.incident_summary,
    )  # fmt: skip


@routes.get("/{id}", response_model=views.Incident, summary="One incident with what is known of it")
@declares(Permission.READ, refusals=(404,), of=belongs.incident)
async def one(shared: Shared, id: Id) -> views.Incident:
    return await _read(shared, id)


@routes.post("/{id}/resolve", response_model=views.Incident, summary="Let what it set aside go on, or cancel it")
@declares(Permission.RUN, refusals=(404, 409), of=belongs.incident)
async def resolve(shared: Shared, caller: Caller, id: Id, body: Resolution | None = None) -> views.Incident:
    """If the cause is still there, a new incident is opened soon."""
    wanted = body or Resolution()
    await resolve_incident(shared.store, shared.bus, caller, id, wanted.action, wanted.note)
    return await _read(shared, id)


async def _read(shared: Context, incident: int) -> views.Incident:
    async with shared.store.connection() as connection:
        row = await incidents.get(connection, incident)
    if row is None:
        raise NotFound(f"there is no incident {incident}")
    return views.incident(row)
