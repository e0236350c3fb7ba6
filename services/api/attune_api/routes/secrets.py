"""/secrets: values that only the worker of a run sees."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from attune_api.auth import Caller
from attune_api.catalog_queries import Keys
from attune_api.context import Shared
from attune_api.errors import NotFound
from attune_api.keys import key_for, only_own, visible_beginnings
from attune_api.names import LOGIN, Key
from attune_api.paging import Keyset, Page
from attune_api.permissions import Permission
from attune_api.preconditions import Precondition, etag
from attune_api.routing import declares, router
from attune_api.usecases import keep_secrets
from attune_api.usecases.keep_secrets import Given
from attune_api.views.access import NotRotated, Revealed, Rotation, SecretInfo
from attune_common.store import secrets

routes = router("/api/v1/secrets", tag="secrets")
_BY_KEY = Keyset("secrets", ("key",), (str,))
_MINE = Permission.SECRETS

Readers = Annotated[
    list[Annotated[str, Field(pattern=LOGIN, max_length=100)]],
    Field(max_length=100, description="Logins that alone may use it in runs; none: whoever may run on its pack."),
]


class NewSecret(BaseModel):
    """`value`: any JSON; leave it out to change the description or the readers alone."""

    model_config = ConfigDict(extra="forbid")

    value: Any = None
    description: str | None = Field(None, max_length=1000)
    readers: Readers | None = None


class Part(BaseModel):
    """`after`: the `next` of the last answer."""

    model_config = ConfigDict(extra="forbid")

    after: str = Field("", max_length=1000, pattern=r"^[^\x00]*$")


_FIRST = Part()


@routes.get("", response_model=Page[SecretInfo], summary="List secrets, never their values")
@declares(Permission.SECRETS, scoped=True)
async def page(shared: Shared, caller: Caller, query: Annotated[Keys, Query()]) -> Page[SecretInfo]:
    allowed, own = visible_beginnings(caller, _MINE), only_own(caller)
    found = await _BY_KEY.listed(
        shared.store, query,
        lambda connection, after, most: secrets.page(connection, after, query.prefix, allowed, most),
        lambda row: SecretInfo(**dict(row)),
    )  # fmt: skip
    return Page(items=[one for one in found.items if own is None or not _of_another(one.key, own)], next=found.next)


@routes.post("/rotate", response_model=Rotation, summary="Wrap all secrets by the first master key")
@declares(Permission.ADMIN, audit="secrets.rotate")
async def rotate(shared: Shared, body: Part = _FIRST) -> Rotation:
    """At most 500 at a time, again until `next` is null; a rotation that was cut off is simply begun anew.

    When it is done, master keys that wrap nothing any more may be taken out of the file.
    """
    done = await keep_secrets.rotate_secrets(shared.store, shared.vault, body.after)
    failed = [NotRotated(key=key, code=problem.code, message=problem.message) for key, problem in done.failed.items()]
    return Rotation(
        master_key=done.primary, secrets=done.secrets, failed=failed, next=done.next, wrapped_by=done.wrapped_by
    )


@routes.get("/{key:path}", response_model=SecretInfo, summary="What there is to know of a secret but its value")
@declares(Permission.SECRETS, refusals=(404,), scoped=True)
async def one(shared: Shared, caller: Caller, key: Key, response: Response) -> SecretInfo:
    found = key_for(caller, key, Permission.SECRETS, _MINE)
    async with shared.store.connection() as connection:
        row = await secrets.get(connection, found.text)
    if row is None:
        raise NotFound(f"there is no secret {found.text!r}")
    response.headers["ETag"] = etag(row["version"])
    return SecretInfo(**dict(row))


@routes.post("/{key:path}/reveal", response_model=Revealed, summary="The value itself; the audit trail keeps who asked")
@declares(Permission.SECRETS, refusals=(404,), scoped=True, audit="secret.reveal")
async def reveal(shared: Shared, caller: Caller, key: Key) -> Revealed:
    found = key_for(caller, key, Permission.SECRETS, _MINE)
    return Revealed(key=found.text, value=await keep_secrets.reveal_secret(shared.store, shared.vault, found.text))


@routes.put("/{key:path}", response_model=SecretInfo, summary="Set a secret",
            responses={201: {"model": SecretInfo, "description": "Created"}})  # fmt: skip
@declares(Permission.SECRETS, refusals=(404, 412), scoped=True, audit="secret.put")
async def put(
    shared: Shared, caller: Caller, key: Key, body: NewSecret, response: Response, expected: Precondition
) -> SecretInfo:
    found = key_for(caller, key, Permission.SECRETS, _MINE)
    given = Given(body.value, "value" in body.model_fields_set, body.description, body.readers)
    row = await keep_secrets.put_secret(shared.store, shared.vault, found.text, given, expected)
    response.status_code = 201 if row.get("made") else 200
    response.headers["ETag"] = etag(row["version"])
    return SecretInfo(**{name: row[name] for name in SecretInfo.model_fields})


@routes.delete("/{key:path}", status_code=204, response_class=Response, summary="Remove a secret")
@declares(Permission.SECRETS, refusals=(404, 412), scoped=True, audit="secret.delete")
async def delete(shared: Shared, caller: Caller, key: Key, expected: Precondition) -> None:
    found = key_for(caller, key, Permission.SECRETS, _MINE)
    await keep_secrets.delete_secret(shared.store, found.text, expected)


def _of_another(key: str, login: str) -> bool:
    return key.startswith("identity:") and not key.startswith(f"identity:{login}/")
