"""/login, /logout, /whoami, /tokens, /limits: who may come in, and how much of anything."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from attune_api.auth import Caller
from attune_api.catalog_queries import Tokens
from attune_api.context import Shared
from attune_api.errors import Forbidden, NotFound
from attune_api.names import LOGIN, Moment
from attune_api.paging import Keyset, Page
from attune_api.passwords import LONGEST
from attune_api.permissions import Permission, Role
from attune_api.routing import declares, router
from attune_api.usecases.link_oidc import link_oidc
from attune_api.usecases.log_in import log_in
from attune_api.usecases.log_in_oidc import log_in_oidc, provider_of
from attune_api.usecases.make_token import Wanted, give_token
from attune_api.views.access import IdentityProvider, NewToken, Token, WhoAmI
from attune_common.store import tokens

routes = router("/api/v1", tag="access")
_BY_ID = Keyset("tokens", ("id",), (str,))


class Login(BaseModel):
    """`label` names the session in the list of tokens."""

    model_config = ConfigDict(extra="forbid")

    login: str = Field(pattern=LOGIN, max_length=100)
    password: str = Field(max_length=LONGEST)
    label: str = Field("", max_length=200)


class ProviderToken(BaseModel):
    """`token`: a JWT that the identity provider has signed."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=1, max_length=16_384, pattern=r"^[A-Za-z0-9._~+/=-]+$")
    label: str = Field("", max_length=200)


class Link(BaseModel):
    """`token`: as of `POST /login/oidc`. `password`: of the identity that asks."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=1, max_length=16_384, pattern=r"^[A-Za-z0-9._~+/=-]+$")
    password: str = Field(max_length=LONGEST)


class Grant(BaseModel):
    """A token for oneself, or for the identity `login`, which is made with `role` when it is new.

    `role` and `scopes` cut what a token of one's own may.
    """

    model_config = ConfigDict(extra="forbid")

    login: str | None = Field(None, pattern=LOGIN, max_length=100)
    role: Role | None = None
    scopes: list[Permission] | None = Field(None, max_length=20)
    label: str = Field("", max_length=200)
    expires: Moment | None = None


@routes.post("/login", status_code=201, response_model=NewToken, summary="Log in with a password")
@declares(Permission.PUBLIC, refusals=(401, 429), audit="login")
async def login(shared: Shared, body: Login, request: Request) -> NewToken:
    """A session: a token that ends by itself. After five failures within a minute nobody gets in for that minute."""
    where = f"login from {request.client.host}" if request.client else "login"
    made = await log_in(shared, body.login, body.password, body.label or where)
    return NewToken(
        id=made.token.id, token=made.token.text, login=made.login, role=made.role, label=body.label or where,
        expires=made.expires, created=made.created,
    )  # fmt: skip


@routes.get("/login/oidc", response_model=IdentityProvider, summary="Where to log in at the identity provider")
@declares(Permission.PUBLIC, refusals=(404,))
async def provider(shared: Shared) -> IdentityProvider:
    """For the login of a device (RFC 8628), whose ID token `POST /login/oidc` takes."""
    told = await provider_of(shared).metadata()
    return IdentityProvider(
        issuer=told.issuer, client_id=shared.settings.oidc_client_id, scopes=shared.settings.oidc_scopes,
        token_endpoint=told.token_endpoint, device_authorization_endpoint=told.device_authorization_endpoint,
    )  # fmt: skip


@routes.post("/login/oidc", status_code=201, response_model=NewToken, summary="Log in with a token of the provider")
@declares(Permission.PUBLIC, refusals=(401, 403, 404), audit="login.oidc")
async def login_oidc(shared: Shared, body: ProviderToken, request: Request) -> NewToken:
    """A session for an ID token, or for an access token that is a JWT for this platform."""
    where = f"oidc from {request.client.host}" if request.client else "oidc"
    made = await log_in_oidc(shared, body.token, body.label or where)
    return NewToken(
        id=made.token.id, token=made.token.text, login=made.login, role=made.role, label=body.label or where,
        expires=made.expires, created=made.created,
    )  # fmt: skip


@routes.post("/login/oidc/link", status_code=204, response_class=Response, summary="Link a login of the provider")
@declares(Permission.IDENTIFIED, refusals=(401, 404, 409, 429), audit="login.link")
async def link(shared: Shared, caller: Caller, body: Link) -> None:
    """With your own password, once more. From then on both logins are you, with the role that you have here."""
    await link_oidc(shared, caller, body.token, body.password)


@routes.post("/logout", status_code=204, response_class=Response, summary="End this session")
@declares(Permission.IDENTIFIED, audit="logout")
async def logout(shared: Shared, caller: Caller) -> None:
    """The token that this is asked with is revoked, whatever kind it is."""
    if caller.is_action:
        raise Forbidden("an action has no session", hint="its token ends with its attempt")
    async with shared.store.unit() as unit:
        await tokens.revoke(unit, caller.token)


@routes.get("/whoami", response_model=WhoAmI, summary="Who the token belongs to")
@declares(Permission.IDENTIFIED)
async def whoami(caller: Caller) -> WhoAmI:
    packs = {pack: sorted(held) for pack, held in sorted(caller.rights.packs.items())}
    return WhoAmI(
        login=caller.login, role=caller.role, kind=caller.kind, permissions=sorted(caller.granted), packs=packs
    )


@routes.get("/limits", response_model=dict[str, int], summary="How much of anything is accepted")
@declares(Permission.READ, scoped=True)
async def limits(shared: Shared) -> dict[str, int]:
    return shared.settings.all_limits()


@routes.get("/tokens", response_model=Page[Token], summary="List tokens, never their secrets")
@declares(Permission.IDENTIFIED)
async def page(shared: Shared, caller: Caller, query: Annotated[Tokens, Query()]) -> Page[Token]:
    """One's own; an administrator sees those of all, or of one `login`."""
    if caller.is_action:
        raise Forbidden("an action has no tokens", hint="its own token ends with its attempt")
    own = None if Permission.ADMIN in caller.granted else caller.id or 0
    return await _BY_ID.listed(
        shared.store, query,
        lambda connection, after, most: tokens.page(connection, after, own, query.login, most),
        lambda row: Token(**dict(row)),
    )  # fmt: skip


@routes.post("/tokens", status_code=201, response_model=NewToken, summary="Make a token; shown this one time")
@declares(Permission.IDENTIFIED, refusals=(404, 409), audit="tokens.create", once=True, shown_once=True)
async def create(shared: Shared, caller: Caller, body: Grant) -> NewToken:
    made = await give_token(shared.store, caller, Wanted(body.login, body.role, body.scopes, body.label, body.expires))
    return NewToken(
        id=made.token.id, token=made.token.text, login=made.login, role=made.role, label=body.label,
        expires=body.expires, created=made.created,
    )  # fmt: skip


@routes.delete("/tokens/{id}", status_code=204, response_class=Response, summary="Revoke a token, at once")
@declares(Permission.IDENTIFIED, refusals=(404,), audit="tokens.revoke")
async def revoke(shared: Shared, caller: Caller, id: Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{4,64}$")]) -> None:
    """One's own, or anybody's as an administrator."""
    is_admin = Permission.ADMIN in caller.granted
    async with shared.store.unit() as unit:
        if caller.is_action or not await tokens.revoke(unit, id, None if is_admin else caller.id or 0):
            raise NotFound("there is no such token")
