"""/kv: the datastore."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict

from attune_api.context import Shared
from attune_api.errors import Conflict, NotFound
from attune_api.names import KEY, Key
from attune_api.paging import Cursor, Keyset, Limit, Page
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.views.access import KeyValue
from attune_common.store import kv

routes = router("/api/v1/kv", tag="datastore")
_BY_KEY = Keyset("kv", ("key",), (str,))


class NewValue(BaseModel):
    model_config = ConfigDict(extra="forbid")

    value: Any


class Increment(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    by: int | float = 1


@routes.get("", response_model=Page[KeyValue], summary="List values by key")
@declares(Permission.DATA_READ)
async def page(
    shared: Shared,
    prefix: Annotated[str | None, Query(pattern=KEY, max_length=255)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[KeyValue]:
    after = _BY_KEY.after(cursor)
    async with shared.store.connection() as connection:
        rows = await kv.page(connection, after[0] if after else None, prefix, limit + 1)
    shown, following = _BY_KEY.page(rows, limit)
    return Page(items=[KeyValue(**dict(row)) for row in shown], next=following)


@routes.get("/{key:path}", response_model=KeyValue, summary="Get a value")
@declares(Permission.DATA_READ, refusals=(404,))
async def one(shared: Shared, key: Key) -> KeyValue:
    async with shared.store.connection() as connection:
        row = await kv.get(connection, key)
    if row is None:
        raise NotFound(f"there is no value under {key!r}")
    return KeyValue(**dict(row))


@routes.post("/{key:path}/increment", response_model=KeyValue, summary="Add to a number, in one step")
@declares(Permission.DATA_WRITE, refusals=(409,))
async def increment(shared: Shared, key: Key, body: Increment) -> KeyValue:
    """A key that is not there counts from 0."""
    async with shared.store.unit() as unit:
        row = await kv.increment(unit, key, body.by)
        if row is None:
            raise Conflict(f"the value under {key!r} is no number that this can be added to", code="not_a_number")
    return KeyValue(**dict(row))


@routes.put("/{key:path}", response_model=KeyValue, summary="Set a value",
            responses={201: {"model": KeyValue, "description": "Created"}})  # fmt: skip
@declares(Permission.DATA_WRITE)
async def put(shared: Shared, key: Key, body: NewValue, response: Response) -> KeyValue:
    async with shared.store.unit() as unit:
        row = await kv.put(unit, key, body.value)
    response.status_code = 201 if row["made"] else 200
    return KeyValue(key=row["key"], value=row["value"], updated=row["updated"])


@routes.delete("/{key:path}", status_code=204, response_class=Response, summary="Remove a value")
@declares(Permission.DATA_WRITE, refusals=(404,))
async def delete(shared: Shared, key: Key) -> None:
    async with shared.store.unit() as unit:
        if not await kv.delete(unit, key):
            raise NotFound(f"there is no value under {key!r}")
