"""From a bearer token to a principal, and from a principal to yes or no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, params

from attune_api.errors import Forbidden, Unauthenticated
from attune_api.permissions import GRANTS, Permission, Role
from attune_common.store import tokens
from attune_common.store.store import Store

ROLE_FOR = {
    Permission.READ: "viewer",
    Permission.RUN: "operator",
    Permission.AUTHOR: "author",
    Permission.ADMIN: "admin",
    Permission.CONTENT: "worker",
}


@dataclass(frozen=True, slots=True)
class Principal:
    """The identity behind a request. `id` is None for a caller without a token (public routes)."""

    id: int | None
    login: str
    role: Role | None

    def may(self, permission: Permission) -> bool:
        if self.role is None:
            return permission is Permission.PUBLIC
        return permission in GRANTS[self.role]


ANONYMOUS = Principal(None, "anonymous", None)


async def admit(request: Request, store: Store, permission: Permission) -> Principal:
    """The caller, if it may. Errors: Unauthenticated, Forbidden."""
    principal = ANONYMOUS if permission is Permission.PUBLIC else await _identify(request, store)
    if not principal.may(permission):
        wanted = ROLE_FOR.get(permission, permission.value)
        raise Forbidden(
            f"the role {principal.role} may not do this", hint=f"it needs the role {wanted} or a higher one"
        )
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
    return Principal(identity["id"], identity["login"], Role(identity["role"]))


def principal_of(request: Request) -> Principal:
    principal: Principal = request.state.principal
    return principal


Caller = Annotated[Principal, Depends(principal_of)]


def needs(permission: Permission) -> params.Depends:
    """A dependency for routers of others (the live stream) that are served by this app."""

    async def check(request: Request) -> None:
        await admit(request, request.app.state.context.store, permission)

    return params.Depends(check)
