"""/actions and /triggers: what the packs brought."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from attune_api import belongs
from attune_api.auth import Caller
from attune_api.catalog_queries import OfPack
from attune_api.context import Shared
from attune_api.errors import NotFound
from attune_api.names import Ref
from attune_api.paging import Keyset, Page
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.views.definitions import Action, Trigger, TriggerTimer, TriggerWithTimers, of
from attune_api.views.secrets import MASK
from attune_common.store import actions, trigger_timers, triggers
from attune_common.store.connection import Row

routes = router("/api/v1", tag="catalog")
_ACTIONS = Keyset("actions", ("ref",), (str,))
_TRIGGERS = Keyset("triggers", ("ref",), (str,))
_MOST_TIMERS = 100


@routes.get("/actions", response_model=Page[Action], summary="List actions")
@declares(Permission.READ, scoped=True)
async def list_actions(shared: Shared, caller: Caller, query: Annotated[OfPack, Query()]) -> Page[Action]:
    seen = caller.packs(library=True)
    return await _ACTIONS.listed(
        shared.store, query,
        lambda connection, after, most: actions.page(connection, after, query.pack, most, seen),
        lambda row: of(Action, row),
    )  # fmt: skip


@routes.get("/actions/{ref}", response_model=Action, summary="Get an action")
@declares(Permission.READ, refusals=(404,), of=belongs.by_ref(), tagged="read-only")
async def one_action(shared: Shared, ref: Ref) -> Action:
    async with shared.store.connection() as connection:
        row = await actions.get(connection, ref)
    if row is None:
        raise NotFound(f"there is no action {ref!r}")
    return of(Action, row)


@routes.get("/triggers", response_model=Page[Trigger], summary="List triggers")
@declares(Permission.READ, scoped=True)
async def list_triggers(shared: Shared, caller: Caller, query: Annotated[OfPack, Query()]) -> Page[Trigger]:
    seen = caller.packs(library=True)
    return await _TRIGGERS.listed(
        shared.store, query,
        lambda connection, after, most: triggers.page(connection, after, query.pack, most, seen),
        _trigger,
    )  # fmt: skip


@routes.get("/triggers/{ref}", response_model=TriggerWithTimers, summary="Get a trigger")
@declares(Permission.READ, refusals=(404,), of=belongs.by_ref(), tagged="read-only")
async def one_trigger(shared: Shared, ref: Ref) -> TriggerWithTimers:
    async with shared.store.connection() as connection:
        row = await triggers.get(connection, ref)
        timers = await trigger_timers.of_trigger(connection, ref, _MOST_TIMERS)
    if row is None:
        raise NotFound(f"there is no trigger {ref!r}")
    return TriggerWithTimers(**_trigger(row).model_dump(), timers=[of(TriggerTimer, timer) for timer in timers])


def _trigger(row: Row) -> Trigger:
    spec = dict(row["spec"])
    webhook = spec.get("webhook")
    if isinstance(webhook, dict) and "secret" in webhook:
        spec["webhook"] = {**webhook, "secret": MASK}
    return of(Trigger, row, spec=spec)
