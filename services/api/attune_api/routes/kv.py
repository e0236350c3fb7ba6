"""/kv: the datastore."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from attune_api.auth import Caller
from attune_api.catalog_queries import Keys
from attune_api.context import Shared
from attune_api.errors import Conflict, NotFound, PreconditionFailed
from attune_api.keys import key_for, only_own, visible_beginnings
from attune_api.names import Key
from attune_api.paging import Keyset, Page
from attune_api.permissions import Permission
from attune_api.preconditions import Expected, Precondition, etag
from attune_api.routing import declares, router
from attune_api.views.access import KeyValue
from attune_common.store import kv, packs
from attune_common.store.connection import Row
from attune_common.store.unit import Unit
from attune_core.access import keys

routes = router("/api/v1/kv", tag="datastore")
_BY_KEY = Keyset("kv", ("key",), (str,))
_YEARS = 100 * 366 * 86_400.0
_SEE = Permission.DATA_READ

Ttl = Annotated[
    Annotated[float, Field(gt=0, le=_YEARS, strict=True)] | None,
    Field(description="Seconds from now until it is gone."),
]


class NewValue(BaseModel):
    """`ttl` null: it stays until it is removed."""

    model_config = ConfigDict(extra="forbid")

    value: Any
    ttl: Ttl = None


class Increment(BaseModel):
    """`ttl` counts when the key is made by this."""

    model_config = ConfigDict(extra="forbid", strict=True)

    by: int | float = 1
    ttl: Ttl = None


@routes.get("", response_model=Page[KeyValue], summary="List values by key")
@declares(Permission.DATA_READ, scoped=True)
async def page(shared: Shared, caller: Caller, query: Annotated[Keys, Query()]) -> Page[KeyValue]:
    allowed, own = visible_beginnings(caller, _SEE), only_own(caller)
    return await _BY_KEY.listed(
        shared.store, query,
        lambda connection, after, most: kv.page(connection, after, query.prefix, allowed, own, most),
        lambda row: KeyValue(**dict(row)),
    )  # fmt: skip


@routes.get("/{key:path}", response_model=KeyValue, summary="Get a value")
@declares(Permission.DATA_READ, refusals=(404,), scoped=True)
async def one(shared: Shared, caller: Caller, key: Key, response: Response) -> KeyValue:
    """The header `ETag` has its version, for `If-Match`."""
    found = key_for(caller, key, Permission.DATA_READ, _SEE)
    async with shared.store.connection() as connection:
        row = await kv.get(connection, found.text)
    if row is None:
        raise _missing(found.text)
    response.headers["ETag"] = etag(row["version"])
    return KeyValue(**dict(row))


@routes.post("/{key:path}/increment", response_model=KeyValue, summary="Add to a number, in one step")
@declares(Permission.DATA_WRITE, refusals=(404, 409), scoped=True, once=True)
async def increment(shared: Shared, caller: Caller, key: Key, body: Increment, response: Response) -> KeyValue:
    """A key that is not there counts from 0."""
    found = key_for(caller, key, Permission.DATA_WRITE, _SEE)
    async with shared.store.unit() as unit:
        await _check_owner(unit, found)
        row = await kv.increment(unit, found.text, body.by, body.ttl)
        if row is None:
            raise Conflict(
                f"the value under {found.text!r} is no number, or the sum is beyond 9007199254740991",
                code="not_a_number",
                hint="look at it with `attune kv show`, and set it to a number",
            )
    response.headers["ETag"] = etag(row["version"])
    return KeyValue(**dict(row))


@routes.put("/{key:path}", response_model=KeyValue, summary="Set a value",
            responses={201: {"model": KeyValue, "description": "Created"}})  # fmt: skip
@declares(Permission.DATA_WRITE, refusals=(404, 412), scoped=True)
async def put(
    shared: Shared, caller: Caller, key: Key, body: NewValue, response: Response, expected: Precondition
) -> KeyValue:
    """With `If-Match` only while it has that version, with `If-None-Match: *` only when it is not there."""
    found = key_for(caller, key, Permission.DATA_WRITE, _SEE)
    async with shared.store.unit() as unit:
        await _check_owner(unit, found)
        row = await _put(unit, found.text, body, expected)
    response.status_code = 201 if row["made"] else 200
    response.headers["ETag"] = etag(row["version"])
    return KeyValue(**{name: row[name] for name in KeyValue.model_fields})


@routes.delete("/{key:path}", status_code=204, response_class=Response, summary="Remove a value")
@declares(Permission.DATA_WRITE, refusals=(404, 412), scoped=True)
async def delete(shared: Shared, caller: Caller, key: Key, expected: Precondition) -> None:
    found = key_for(caller, key, Permission.DATA_WRITE, _SEE)
    async with shared.store.unit() as unit:
        if expected.absent or not await kv.delete(unit, found.text, expected.versions):
            expected.check(await _version(unit, found.text))
            raise _missing(found.text)


async def _check_owner(unit: Unit, key: keys.Key) -> None:
    """Nobody would ever read what is written for a pack whose name is mistyped. Errors: NotFound."""
    if key.scope is keys.KeyScope.PACK and not await packs.exists(unit, key.owner):
        hint = "register it first; `attune pack list` shows those that there are"
        raise NotFound(f"there is no pack {key.owner!r}", hint=hint)


async def _put(unit: Unit, key: str, body: NewValue, expected: Expected) -> Row:
    """Errors: PreconditionFailed."""
    if expected.anything:
        return await kv.put(unit, key, body.value, body.ttl)
    if expected.absent:
        row = await kv.put_new(unit, key, body.value, body.ttl)
    else:
        row = await kv.put_over(unit, key, body.value, body.ttl, expected.versions)
    if row is None:
        expected.check(await _version(unit, key))
        raise PreconditionFailed("it was changed in this moment", hint="read it again")
    return row


async def _version(unit: Unit, key: str) -> int | None:
    row = await kv.get(unit, key)
    return None if row is None else row["version"]


def _missing(key: str) -> NotFound:
    return NotFound(f"there is no value under {key!r}")
