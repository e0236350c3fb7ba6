"""/identities: who there is, and who may do what on which pack."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from attune_api.auth import Caller
from attune_api.catalog_queries import Identities
from attune_api.context import Context, Shared
from attune_api.errors import NotFound
from attune_api.names import LOGIN, PACK
from attune_api.paging import Keyset, Page
from attune_api.passwords import LONGEST, SHORTEST
from attune_api.permissions import Permission, Role
from attune_api.routing import declares, router
from attune_api.usecases import keep_identities
from attune_api.usecases.keep_identities import Change, NewIdentity
from attune_api.usecases.link_oidc import unlink_oidc
from attune_api.views.access import Identity, PackGrant
from attune_common.store import identities, rights
from attune_common.store.connection import Row

routes = router("/api/v1/identities", tag="identities")
_BY_LOGIN = Keyset("identities", ("login",), (str,))

Login = Annotated[str, Path(pattern=LOGIN, max_length=100)]
Pack = Annotated[str, Path(pattern=PACK, max_length=255)]
Password = Annotated[str, Field(min_length=SHORTEST, max_length=LONGEST)]


class New(BaseModel):
    """`role` holds everywhere; `none` for an identity with roles on packs alone. Only users have passwords."""

    model_config = ConfigDict(extra="forbid")

    login: str = Field(pattern=LOGIN, max_length=100)
    kind: Literal["user", "service"] = "user"
    role: Role = Role.NONE
    label: str = Field("", max_length=200)
    password: Password | None = None


class Changes(BaseModel):
    """What is absent stays."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = None
    label: str | None = Field(None, max_length=200)
    enabled: bool | None = None


class NewPassword(BaseModel):
    """`current`: the present one, unless an administrator sets it."""

    model_config = ConfigDict(extra="forbid")

    password: Password
    current: str | None = Field(None, max_length=LONGEST)


class RoleOnPack(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: Role


@routes.get("", response_model=Page[Identity], summary="List identities")
@declares(Permission.ADMIN)
async def page(shared: Shared, query: Annotated[Identities, Query()]) -> Page[Identity]:
    return await _BY_LOGIN.listed(
        shared.store, query,
        lambda connection, after, most: identities.page(connection, after, query.kind, query.role, most),
        _view,
    )  # fmt: skip


@routes.post("", status_code=201, response_model=Identity, summary="Make an identity")
@declares(Permission.ADMIN, refusals=(409,))
async def create(shared: Shared, body: New, response: Response) -> Identity:
    new = NewIdentity(body.login, body.kind, body.role, body.label, body.password)
    await keep_identities.create_identity(shared, new)
    response.headers["Location"] = f"/api/v1/identities/{body.login}"
    return await _read(shared, body.login)


@routes.get("/{login}", response_model=Identity, summary="Get an identity")
@declares(Permission.ADMIN, refusals=(404,))
async def one(shared: Shared, login: Login) -> Identity:
    return await _read(shared, login)


@routes.put("/{login}", response_model=Identity, summary="Change an identity")
@declares(Permission.ADMIN, refusals=(404, 409))
async def change(shared: Shared, login: Login, body: Changes) -> Identity:
    """A disabled identity may nothing from then on: no token, no rule, no run of its own goes on."""
    await keep_identities.change_identity(shared, login, Change(body.role, body.label, body.enabled))
    return await _read(shared, login)


@routes.delete("/{login}", status_code=204, response_class=Response, summary="Remove an identity")
@declares(Permission.ADMIN, refusals=(404, 409))
async def delete(shared: Shared, login: Login) -> None:
    """With its tokens, its roles on packs, and the keys and secrets of its own scope."""
    await keep_identities.delete_identity(shared, login)


@routes.put("/{login}/password", status_code=204, response_class=Response, summary="Set a password")
@declares(Permission.IDENTIFIED, refusals=(404, 429))
async def password(shared: Shared, caller: Caller, login: Login, body: NewPassword) -> None:
    """One's own, or anybody's as an administrator. Other sessions of that identity end."""
    await keep_identities.set_password(shared, caller, login, body.password, body.current)


@routes.delete("/{login}/link", status_code=204, response_class=Response, summary="Undo a link with the provider")
@declares(Permission.ADMIN, refusals=(404, 409))
async def unlink(shared: Shared, login: Login) -> None:
    """That login of the identity provider is nobody from then on; sessions go on until they end."""
    await unlink_oidc(shared, login)


@routes.get("/{login}/grants", response_model=list[PackGrant], summary="Roles on packs")
@declares(Permission.ADMIN, refusals=(404,))
async def grants(shared: Shared, login: Login) -> list[PackGrant]:
    async with shared.store.connection() as connection:
        row = await identities.get(connection, login)
        if row is None:
            raise NotFound(f"there is no identity {login!r}")
        rows = await rights.grants(connection, row["id"])
    return [_grant(each) for each in rows]


@routes.put("/{login}/grants/{pack}", response_model=PackGrant, summary="Give a role on a pack",
            responses={201: {"model": PackGrant, "description": "Given"}})  # fmt: skip
@declares(Permission.ADMIN, refusals=(404,))
async def put_grant(shared: Shared, login: Login, pack: Pack, body: RoleOnPack, response: Response) -> PackGrant:
    """The pack need not be there yet: the role then holds from the moment it is."""
    row = await keep_identities.put_grant(shared, login, pack, body.role)
    response.status_code = 201 if row["made"] else 200
    return _grant(row)


@routes.delete("/{login}/grants/{pack}", status_code=204, response_class=Response, summary="Take a role on a pack")
@declares(Permission.ADMIN, refusals=(404,))
async def delete_grant(shared: Shared, login: Login, pack: Pack) -> None:
    await keep_identities.delete_grant(shared, login, pack)


async def _read(shared: Context, login: str) -> Identity:
    async with shared.store.connection() as connection:
        row = await identities.get(connection, login)
    if row is None:
        raise NotFound(f"there is no identity {login!r}")
    return _view(row)


def _view(row: Row) -> Identity:
    return Identity(**{**dict(row), "grants": row["grants"] or {}})


def _grant(row: Row) -> PackGrant:
    return PackGrant(pack=row["pack_ref"], role=row["role"], created=row["created"])
