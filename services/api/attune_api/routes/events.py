"""/events and /enforcements: what happened, and what the rules made of it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from attune_api import belongs, queries
from attune_api.auth import Caller, Principal
from attune_api.context import Context, Shared
from attune_api.errors import NotFound
from attune_api.intake import Occurrence
from attune_api.names import REF, Id
from attune_api.paging import Keyset, Page
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.usecases.open_secrets import open_in
from attune_api.views import events as views
from attune_common.store import audit, events
from attune_core.expressions.markers import decode
from attune_core.model.names import pack_of

routes = router("/api/v1", tag="events")
_EVENTS = Keyset("events", ("id",), (int,))
_ENFORCEMENTS = Keyset("enforcements", ("id",), (int,))


class Fire(BaseModel):
    """`dedup_key`: of events of one trigger with the same key only the first counts."""

    model_config = ConfigDict(extra="forbid", strict=True)

    trigger: str = Field(pattern=REF, max_length=255)
    payload: Any = Field(default_factory=dict)
    dedup_key: str | None = Field(None, min_length=1, max_length=200)


class FireMany(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    events: list[Fire] = Field(min_length=1, max_length=500)


@routes.post("/events", status_code=202, response_model=views.Event, summary="Record an event",
             responses={200: {"model": views.Event, "description": "Recorded before with this key"}})  # fmt: skip
@declares(Permission.EMIT, refusals=(404, 409), scoped=True, once=True)
async def fire(shared: Shared, caller: Caller, body: Fire, response: Response) -> views.Event:
    caller.require(Permission.EMIT, pack_of(body.trigger))
    audit.about(body.trigger)
    recorded = await shared.intake.record(_occurrence(caller, body))
    response.status_code = 202 if recorded.is_new else 200
    return views.event(recorded.row)


def _occurrence(caller: Principal, body: Fire) -> Occurrence:
    dedup_key = f"key:{body.dedup_key}" if body.dedup_key else None
    source: dict[str, Any] = {"kind": "api", "identity": caller.login}
    if caller.execution is not None:
        source = {"kind": "action", "identity": caller.login, "execution": caller.execution}
    return Occurrence(body.trigger, body.payload, source, dedup_key, caller.execution)


@routes.post("/events/batch", status_code=202, response_model=views.EventVerdicts, summary="Record many events")
@declares(Permission.EMIT, scoped=True, once=True)
async def fire_many(shared: Shared, caller: Caller, body: FireMany) -> views.EventVerdicts:
    """A verdict for each: one that is refused does not keep the others. The right is needed for all of them."""
    triggers = sorted({one.trigger for one in body.events})
    for trigger in triggers:
        caller.require(Permission.EMIT, pack_of(trigger))
    audit.about(", ".join(triggers), events=len(body.events))
    found = await shared.intake.record_all([_occurrence(caller, one) for one in body.events])
    return views.EventVerdicts(items=[views.verdict(one) for one in found])


@routes.post("/events/{id}/re-emit", status_code=202, response_model=views.Event, summary="Record it once more")
@declares(Permission.EMIT, refusals=(404, 409, 422), of=belongs.event, once=True)
async def again(shared: Shared, caller: Caller, id: Id) -> views.Event:
    """A new event of the same trigger with the same payload: the rules of today are asked."""
    async with shared.store.unit() as unit:
        first = await events.get(unit, id)
        if first is None:
            raise NotFound(f"there is no event {id}")
        payload = (await open_in(unit, shared.vault, decode(first["payload"], first["secrets"]))).value
    source: dict[str, Any] = {"kind": "re-emitted", "identity": caller.login, "event": id}
    what = Occurrence(first["trigger_ref"], payload, source, execution=caller.execution)
    return views.event((await shared.intake.record(what)).row)


@routes.get("/events", response_model=Page[views.Event], summary="List events, newest first")
@declares(Permission.READ, scoped=True)
async def page(shared: Shared, caller: Caller, query: Annotated[queries.Events, Query()]) -> Page[views.Event]:
    return await _EVENTS.listed(
        shared.store, query,
        lambda connection, before, most: events.page(connection, before, query.filter(), most, caller.packs()),
        views.event,
    )  # fmt: skip


@routes.get("/events/{id}", response_model=views.Event, summary="Get an event")
@declares(Permission.READ, refusals=(404,), of=belongs.event)
async def one(shared: Shared, id: Id) -> views.Event:
    return await _read(shared, id)


@routes.get("/enforcements", response_model=Page[views.Enforcement], summary="List the rules' verdicts, newest first")
@declares(Permission.READ, scoped=True)
async def enforcements(
    shared: Shared, caller: Caller, query: Annotated[queries.Enforcements, Query()]
) -> Page[views.Enforcement]:
    return await _ENFORCEMENTS.listed(
        shared.store, query,
        lambda connection, before, most: events.enforcements(
            connection, before, query.event, query.rule, most, caller.packs(), query.matched
        ),
        views.enforcement,
    )  # fmt: skip


@routes.get("/enforcements/{id}", response_model=views.Enforcement, summary="Get a rule's verdict")
@declares(Permission.READ, refusals=(404,), of=belongs.enforcement)
async def one_enforcement(shared: Shared, id: Id) -> views.Enforcement:
    async with shared.store.connection() as connection:
        row = await events.enforcement(connection, id)
    if row is None:
        raise NotFound(f"there is no enforcement {id}")
    return views.enforcement(row)


async def _read(shared: Context, event: int) -> views.Event:
    async with shared.store.connection() as connection:
        row = await events.get(connection, event)
    if row is None:
        raise NotFound(f"there is no event {event}")
    return views.event(row)
