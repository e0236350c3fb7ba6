"""/rules: which event starts which action."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from attune_api import belongs
from attune_api.auth import Caller
from attune_api.catalog_queries import Rules
from attune_api.context import Context, Shared
from attune_api.errors import Invalid, NotFound
from attune_api.names import REF, Ref
from attune_api.paging import Keyset, Page
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.usecases.save_rule import change_rule, conditions, create_rule, shown_conditions
from attune_api.views.definitions import Rule, of
from attune_common.store import rules
from attune_common.store.connection import Row
from attune_common.store.rules import RuleRow
from attune_core.model.rate import MOST

routes = router("/api/v1/rules", tag="rules")
_BY_REF = Keyset("rules", ("ref",), (str,))


class RateLimit(BaseModel):
    """At most `limit` within any second, minute or hour."""

    model_config = ConfigDict(extra="forbid", strict=True)

    limit: int = Field(ge=1, le=MOST)
    per: Literal["second", "minute", "hour"]


class RuleChange(BaseModel):
    """What is absent stays as it is. `when` (a condition over `event`) or `criteria`, not both.

    `parameters` of the action may hold templates.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    label: str = Field("", max_length=255)
    description: str = Field("", max_length=10_000)
    trigger: str = Field("", pattern=REF, max_length=255)
    trigger_parameters: dict[str, Any] = Field(default_factory=dict)
    criteria: dict[str, Any] | list[Any] | None = None
    when: str | bool | None = None
    action: str = Field("", pattern=REF, max_length=255)
    parameters: dict[str, Any] = Field(default_factory=dict)
    rate_limit: RateLimit | None = None
    enabled: bool = True


class NewRule(RuleChange):
    ref: str = Field(pattern=REF, max_length=255)
    trigger: str = Field(pattern=REF, max_length=255)
    action: str = Field(pattern=REF, max_length=255)


@routes.get("", response_model=Page[Rule], summary="List rules")
@declares(Permission.READ, scoped=True)
async def page(shared: Shared, caller: Caller, query: Annotated[Rules, Query()]) -> Page[Rule]:
    seen = caller.packs(library=True)
    return await _BY_REF.listed(
        shared.store, query,
        lambda connection, after, most: rules.page(connection, after, query.pack, query.trigger, most, seen),
        _view,
    )  # fmt: skip


@routes.post("", status_code=201, response_model=Rule, summary="Create a rule")
@declares(Permission.AUTHOR, refusals=(409,), scoped=True, once=True)
async def create(shared: Shared, caller: Caller, body: NewRule) -> Rule:
    """It acts for whoever makes it."""
    blank = RuleRow(body.ref, body.ref, "", body.trigger, body.action, owner=caller.id)
    await create_rule(shared.store, caller, _changed(blank, body))
    return await _read(shared, body.ref)


@routes.get("/{ref}", response_model=Rule, summary="Get a rule")
@declares(Permission.READ, refusals=(404,), of=belongs.by_ref(), tagged="rule")
async def one(shared: Shared, ref: Ref) -> Rule:
    return await _read(shared, ref)


@routes.put("/{ref}", response_model=Rule, summary="Change a rule")
@declares(Permission.AUTHOR, refusals=(404,), of=belongs.by_ref(), tagged="rule")
async def change(shared: Shared, caller: Caller, ref: Ref, body: RuleChange) -> Rule:
    """What is absent stays. From then on it acts for whoever changed it.

    A rule of a pack is as its file says again when another version is registered.
    """
    await change_rule(shared.store, caller, ref, lambda before: _changed(before, body))
    return await _read(shared, ref)


@routes.delete("/{ref}", status_code=204, response_class=Response, summary="Delete a rule")
@declares(Permission.AUTHOR, refusals=(404,), of=belongs.by_ref(), tagged="rule")
async def delete(shared: Shared, ref: Ref) -> None:
    async with shared.store.unit() as unit:
        if not await rules.delete(unit, ref):
            raise NotFound(f"there is no rule {ref!r}")


async def _read(shared: Context, ref: str) -> Rule:
    async with shared.store.connection() as connection:
        row = await rules.get(connection, ref)
    if row is None:
        raise NotFound(f"there is no rule {ref!r}")
    return _view(row)


_COLUMNS = {
    "trigger": "trigger_ref",
    "trigger_parameters": "trigger_params",
    "action": "action_ref",
    "parameters": "action_params",
}


def _changed(rule: RuleRow, body: RuleChange) -> RuleRow:
    given = body.model_dump(exclude_unset=True, exclude={"ref", "criteria", "when"})
    values = {_COLUMNS.get(name, name): value for name, value in given.items()}
    if body.when is not None and body.criteria is not None:
        raise Invalid.at("body.when", "give `when` or `criteria`, not both")
    if body.model_fields_set & {"when", "criteria"}:
        values["criteria"] = conditions(body.criteria, body.when)
    return replace(rule, **values)


def _view(row: Row) -> Rule:
    criteria, when = shown_conditions(row["criteria"])
    return of(
        Rule, row, trigger=row["trigger_ref"], trigger_parameters=row["trigger_params"], criteria=criteria,
        when=when, action=row["action_ref"], parameters=row["action_params"],
    )  # fmt: skip
