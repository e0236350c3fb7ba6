"""/whoami, /tokens, /limits: who may come in, and how much of anything."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from attune_api.auth import Caller
from attune_api.context import Shared
from attune_api.errors import NotFound
from attune_api.paging import Cursor, Keyset, Limit, Page
from attune_api.permissions import Permission, Role
from attune_api.routing import declares, router
from attune_api.usecases.make_token import make_token
from attune_api.views.access import NewToken, Token, WhoAmI
from attune_common.store import tokens

routes = router("/api/v1", tag="access")
_BY_ID = Keyset("tokens", ("id",), (str,))


class Grant(BaseModel):
    """A token for the identity `login`, which is made with `role` when it is new."""

    model_config = ConfigDict(extra="forbid")

    login: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$", max_length=100)
    role: Role
    label: str = Field("", max_length=200)
    expires: AwareDatetime | None = None


@routes.get("/whoami", response_model=WhoAmI, summary="Who the token belongs to")
@declares(Permission.IDENTIFIED)
async def whoami(caller: Caller) -> WhoAmI:
    granted = sorted(permission.value for permission in caller.granted)
    return WhoAmI(login=caller.login, role=caller.role, permissions=granted)


@routes.get("/limits", response_model=dict[str, int], summary="How much of anything is accepted")
@declares(Permission.READ)
async def limits(shared: Shared) -> dict[str, int]:
    return shared.settings.all_limits()


@routes.get("/tokens", response_model=Page[Token], summary="List tokens, never their secrets")
@declares(Permission.ADMIN)
async def page(shared: Shared, limit: Limit = 50, cursor: Cursor = None) -> Page[Token]:
    after = _BY_ID.after(cursor)
    async with shared.store.connection() as connection:
        rows = await tokens.page(connection, after[0] if after else None, None, None, limit + 1)
    shown, following = _BY_ID.page(rows, limit)
    return Page(items=[Token(**dict(row)) for row in shown], next=following)


@routes.post("/tokens", status_code=201, response_model=NewToken, summary="Make a token; shown this one time")
@declares(Permission.ADMIN, refusals=(409,))
async def create(shared: Shared, body: Grant) -> NewToken:
    token, row = await make_token(shared.store, body.login, body.role, body.label, body.expires)
    return NewToken(
        id=token.id, token=token.text, login=body.login, role=body.role.value, label=body.label,
        expires=body.expires, created=row["created"],
    )  # fmt: skip


@routes.delete("/tokens/{id}", status_code=204, response_class=Response, summary="Revoke a token, at once")
@declares(Permission.ADMIN, refusals=(404,))
async def revoke(shared: Shared, id: Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{4,64}$")]) -> None:
    async with shared.store.unit() as unit:
        if not await tokens.revoke(unit, id):
            raise NotFound("there is no such token")
