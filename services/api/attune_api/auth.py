"""From a bearer token to a principal, and from a principal to yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

from fastapi import Depends, Request

from attune_api.belongs import Belonging, Resolver
from attune_api.errors import Forbidden, NotFound, Unauthenticated
from attune_api.permissions import ACTION_GRANTS, GRANTS, Permission, Permissions, Role, roles_with
from attune_api.together import Together
from attune_common.store import rights, tokens
from attune_common.store.connection import Row
from attune_common.store.store import Store
from attune_common.store.tokens import Token
from attune_core.access.rights import NOBODY, SYSTEM, Rights

Kind = Literal["anonymous", "user", "service", "action"]
HIDDEN = "there is no such thing, or you may not see it"


@dataclass(frozen=True, slots=True)
class Principal:
    """The identity behind a request. `id` is None for nobody in particular; `role` is for people to read.

    `execution`: the one whose attempt asks, when an action does. `scopes`: all that its token may, when it is cut so.
    """

    id: int | None
    login: str
    role: str
    rights: Rights
    kind: Kind = "user"
    token: str = ""
    execution: int | None = None
    scopes: Permissions | None = None

    @property
    def is_action(self) -> bool:
        return self.kind == "action"

    @property
    def granted(self) -> Permissions:
        """What it may everywhere."""
        return self.rights.everywhere

    def packs(self, *, library: bool = False) -> tuple[str, ...] | None:
        """For lists: the packs whose things it may see; None for all. `library`: of what packs bring."""
        return self.rights.packs_with(Permission.READ, library=library)

    def require(self, permission: Permission, pack: str | None) -> None:
        """Errors: NotFound when it may not even see the pack, Forbidden when it may see it."""
        if self.rights.may(permission, pack):
            return
        if pack is None or not self.rights.sees(pack):
            raise NotFound(HIDDEN)
        raise self.refusal(permission)

    def require_sight(self, pack: str) -> None:
        """Errors: NotFound when it may not see what the pack brings."""
        if not self.rights.sees(pack):
            raise NotFound(HIDDEN)

    def refusal(self, permission: Permission) -> Forbidden:
        if self.scopes is not None and permission not in self.scopes:
            hint = f"make one that has it: `attune token create --scope {permission.value}`"
            return Forbidden(f"this token may not do this: its scopes leave out `{permission.value}`", hint=hint)
        allowed = ", ".join(roles_with(permission)) or "an action's own attempt"
        return Forbidden(f"the role {self.role} may not do this", hint=f"these roles may: {allowed}")


Callers = Together[Token, Row | None]


def callers_of(store: Store) -> Callers:
    """Who stands behind tokens, asked of the database each time: a token that is revoked is nobody's at once."""

    async def identify(wanted: Sequence[Token]) -> list[Row | None]:
        async with store.connection(by_key=True) as connection:
            return await tokens.identify(connection, wanted)

    return Together(identify)


ANONYMOUS = Principal(None, "anonymous", "none", NOBODY.cut(frozenset()), "anonymous")


async def admit(
    request: Request, store: Store, permission: Permission, of: Resolver | None = None, *, scoped: bool = False
) -> Principal:
    """The caller, if it may. Errors: Unauthenticated, Forbidden, NotFound.

    `of` tells which packs the thing belongs to that is asked for; `scoped`: the handler looks at that itself. Without
    either, only what the caller may everywhere counts.
    """
    if permission is Permission.PUBLIC:
        request.state.principal = ANONYMOUS
        return ANONYMOUS
    principal = await _identify(request, request.app.state.context.callers)
    request.state.principal = principal
    if permission in principal.rights.everywhere:
        return principal
    if not (of or scoped) or not principal.rights.may_somewhere(permission):
        raise principal.refusal(permission)
    if of is not None:
        async with store.connection() as connection:
            _admit_to(principal, permission, await of(request, connection))
    return principal


def _admit_to(principal: Principal, permission: Permission, thing: Belonging | None) -> None:
    if thing is None:
        raise NotFound(HIDDEN)
    held = principal.rights
    is_own = thing.identity is not None and thing.identity == principal.id
    sees = held.sees if thing.brought else partial(held.may, Permission.READ)
    is_seen = is_own or any(sees(pack) for pack in thing.packs)
    if any(held.may(permission, pack) for pack in thing.packs) or (is_own and held.may_somewhere(permission)):
        return
    if not is_seen:
        raise NotFound(HIDDEN)
    if permission is not Permission.READ:
        raise principal.refusal(permission)


async def _identify(request: Request, callers: Callers) -> Principal:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    token = tokens.parse(text.strip())
    if scheme.lower() != "bearer" or token is None:
        raise Unauthenticated()
    identity = await callers.ask(token)
    if identity is None:
        raise Unauthenticated()
    return _action(identity, token.execution) if token.execution else _identified(identity, token.id)


def _identified(identity: Row, token: str) -> Principal:
    held, role, kept = rights.from_row(identity), identity["role"], None
    if identity["most"] is not None:
        role = identity["most"]
        held = held.cut(GRANTS[Role(role)])
    if identity["scopes"] is not None:
        known = frozenset(Permission)
        kept = frozenset(Permission(scope) for scope in identity["scopes"] if scope in known) | GRANTS[Role.NONE]
        held = held.cut(kept)
    return Principal(identity["id"], identity["login"], role, held, identity["kind"], token, scopes=kept)


def _action(identity: Row, execution: int) -> Principal:
    """An attempt of an action: the rights of whom it runs for, cut to those of actions, and its own secrets."""
    held = SYSTEM if identity["id"] is None else rights.from_row(identity)
    own = Rights(held.login, (held.everywhere & ACTION_GRANTS) | {Permission.OPEN}, held.cut(ACTION_GRANTS).packs)
    return Principal(identity["id"], held.login or "system", "action", own, "action", execution=execution)


async def principal_of(request: Request) -> Principal:
    principal: Principal = request.state.principal
    return principal


Caller = Annotated[Principal, Depends(principal_of)]
