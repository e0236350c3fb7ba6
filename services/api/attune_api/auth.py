"""From a bearer token to a principal, and from a principal to yes or no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, params

from attune_api.errors import Forbidden, Unauthenticated
from attune_api.permissions import ACTION_GRANTS, GRANTS, Permission, Role, roles_with
from attune_common.store import tokens
from attune_common.store.connection import Row
from attune_common.store.store import Store


@dataclass(frozen=True, slots=True)
class Principal:
    """The identity behind a request. `id` is None for nobody in particular; `role` is for people to read.

    `execution`: the one whose action asks, with the token of its attempt.
    """

    id: int | None
    login: str
    role: str
    granted: frozenset[Permission]
    execution: int | None = None


ANONYMOUS = Principal(None, "anonymous", "none", frozenset({Permission.PUBLIC}))


async def admit(request: Request, store: Store, permission: Permission) -> Principal:
    """The caller, if it may. Errors: Unauthenticated, Forbidden."""
    principal = ANONYMOUS if permission is Permission.PUBLIC else await _identify(request, store)
    if permission not in principal.granted:
        allowed = ", ".join(roles_with(permission))
        raise Forbidden(f"the role {principal.role} may not do this", hint=f"these roles may: {allowed}")
    request.state.principal = principal
    return principal


async def _identify(request: Request, store: Store) -> Principal:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    token = tokens.parse(text.strip())
    if scheme.lower() != "bearer" or token is None:
        raise Unauthenticated()
    async with store.connection() as connection:
        identity = await tokens.identify(connection, token)
    if identity is None:
        raise Unauthenticated()
    return _person(identity) if token.execution is None else _action(identity, token.execution)


def _person(identity: Row) -> Principal:
    return Principal(identity["id"], identity["login"], identity["role"], GRANTS[Role(identity["role"])])


def _action(identity: Row, execution: int) -> Principal:
    """An attempt of an action: the rights of whom it runs for, cut to those of actions."""
    if identity["id"] is None:
        return Principal(None, "system", "action", ACTION_GRANTS, execution)
    granted = ACTION_GRANTS & GRANTS[Role(identity["role"])]
    return Principal(identity["id"], identity["login"], "action", granted, execution)


def principal_of(request: Request) -> Principal:
    principal: Principal = request.state.principal
    return principal


Caller = Annotated[Principal, Depends(principal_of)]


def needs(permission: Permission) -> params.Depends:
    """A dependency for routers of others (the live stream) that are served by this app."""

    async def check(request: Request) -> None:
        await admit(request, request.app.state.context.store, permission)

    return params.Depends(check)
