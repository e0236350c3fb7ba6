"""/policies: how many executions of an action may run, how many may start, how often one tries again."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import ConfigDict, Field

from attune_api import belongs
from attune_api.auth import Caller
from attune_api.catalog_queries import Policies
from attune_api.context import Context, Shared
from attune_api.errors import NotFound
from attune_api.names import REF, Ref
from attune_api.paging import Keyset, Page
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.usecases.save_policy import change_policy, create_policy
from attune_api.views.policies import Limits, Policy, PolicyWithLines, policy, with_lines
from attune_common.store import policies
from attune_common.store.policies import PolicyRow

routes = router("/api/v1/policies", tag="policies")
_BY_REF = Keyset("policies", ("ref",), (str,))
_LINES = 100


class PolicyChange(Limits):
    """What is absent stays as it is; what is null is taken away."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field("", max_length=255)
    description: str = Field("", max_length=10_000)
    action: str = Field("", pattern=REF, max_length=255)
    enabled: bool = Field(True, strict=True)


class NewPolicy(PolicyChange):
    ref: str = Field(pattern=REF, max_length=255)
    action: str = Field(pattern=REF, max_length=255)


@routes.get("", response_model=Page[Policy], summary="List policies")
@declares(Permission.READ, scoped=True)
async def page(shared: Shared, caller: Caller, query: Annotated[Policies, Query()]) -> Page[Policy]:
    seen = caller.packs(library=True)
    return await _BY_REF.listed(
        shared.store, query,
        lambda connection, after, most: policies.page(connection, after, query.pack, query.action, most, seen),
        policy,
    )  # fmt: skip


@routes.post("", status_code=201, response_model=PolicyWithLines, summary="Create a policy")
@declares(Permission.AUTHOR, refusals=(409,), scoped=True)
async def create(shared: Shared, caller: Caller, body: NewPolicy) -> PolicyWithLines:
    """For an action of any pack that the caller may author."""
    await create_policy(shared.store, caller, _changed(PolicyRow(body.ref, body.ref, "", body.action, {}), body))
    return await _read(shared, body.ref)


@routes.get("/{ref}", response_model=PolicyWithLines, summary="A policy, with who runs and who waits under it")
@declares(Permission.READ, refusals=(404,), of=belongs.by_ref())
async def one(shared: Shared, ref: Ref) -> PolicyWithLines:
    return await _read(shared, ref)


@routes.put("/{ref}", response_model=PolicyWithLines, summary="Change a policy")
@declares(Permission.AUTHOR, refusals=(404,), of=belongs.by_ref())
async def change(shared: Shared, caller: Caller, ref: Ref, body: PolicyChange) -> PolicyWithLines:
    """It holds from the next start on. A policy of a pack is as its file says again when the pack is registered."""
    await change_policy(shared.store, caller, ref, lambda before: _changed(before, body))
    return await _read(shared, ref)


@routes.delete("/{ref}", status_code=204, response_class=Response, summary="Delete a policy")
@declares(Permission.AUTHOR, refusals=(404,), of=belongs.by_ref())
async def delete(shared: Shared, ref: Ref) -> None:
    """Who waits under it starts."""
    async with shared.store.unit() as unit:
        if not await policies.delete(unit, ref):
            raise NotFound(f"there is no policy {ref!r}")


async def _read(shared: Context, ref: str) -> PolicyWithLines:
    async with shared.store.connection() as connection:
        row = await policies.get(connection, ref)
        if row is None:
            raise NotFound(f"there is no policy {ref!r}")
        return with_lines(row, await policies.lines(connection, row["id"], _LINES))


def _changed(before: PolicyRow, body: PolicyChange) -> PolicyRow:
    given = body.model_dump(mode="json", exclude_unset=True, exclude={"ref", *Limits.model_fields})
    values: dict[str, Any] = {"action_ref" if name == "action" else name: value for name, value in given.items()}
    limits = dict(before.limits)
    for name in body.model_fields_set & Limits.model_fields.keys():
        part = getattr(body, name)
        limits[name] = None if part is None else part.model_dump(mode="json", exclude_none=True)
    return replace(before, **values, limits={name: part for name, part in limits.items() if part is not None})
