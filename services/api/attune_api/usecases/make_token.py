"""Giving someone a token: for oneself with at most one's own rights, for anybody as an administrator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from attune_api.auth import Principal
from attune_api.errors import Conflict, Forbidden, NotFound
from attune_api.permissions import GRANTS, Permission, Role
from attune_common.store import audit, identities, tokens
from attune_common.store.connection import Row
from attune_common.store.store import Store
from attune_common.store.tokens import Terms, Token
from attune_common.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Wanted:
    """`login` None: for the caller. `role` of another's token: the role of the identity when it is new.

    `role` and `scopes` of one's own token cut its rights.
    """

    login: str | None
    role: Role | None
    scopes: Sequence[Permission] | None
    label: str
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class Made:
    token: Token
    login: str
    role: str
    created: datetime


async def give_token(store: Store, caller: Principal, wanted: Wanted) -> Made:
    """Errors: Forbidden, NotFound, Conflict."""
    if caller.is_action:
        raise Forbidden("an action makes no tokens", hint="its own token ends with its attempt")
    if wanted.login is None or wanted.login == caller.login:
        return await _own(store, caller, wanted)
    if Permission.ADMIN not in caller.granted:
        raise Forbidden("only administrators make tokens for others", hint="leave out `login` for one of your own")
    async with store.unit() as unit:
        identity = await _identity(unit, wanted.login, wanted.role)
        return await _make(unit, identity, _terms(wanted, None, wanted.scopes))


async def _own(store: Store, caller: Principal, wanted: Wanted) -> Made:
    most = wanted.role or Role(caller.role)
    if wanted.role is not None and GRANTS[wanted.role] - _ever(caller):
        raise Forbidden(f"you have no role {most.value} to give", hint="ask for the role that you have, or less")
    scopes = wanted.scopes
    if scopes is None:
        scopes = await _scopes_of(store, caller)
    elif set(scopes) - _ever(caller):
        raise Forbidden("you cannot give permissions that you do not have")
    async with store.unit() as unit:
        identity = await identities.lock(unit, caller.login)
        if identity is None:
            raise NotFound(f"there is no identity {caller.login!r}")
        role = None if most.value == identity["role"] else most.value
        return await _make(unit, identity, _terms(wanted, role, scopes))


def _ever(caller: Principal) -> frozenset[Permission]:
    """What the caller may anywhere."""
    return caller.granted.union(*caller.rights.packs.values())


async def _scopes_of(store: Store, caller: Principal) -> list[Permission] | None:
    """Those of the caller's own token: one that may little does not make one that may more."""
    async with store.connection() as connection:
        row = await tokens.get(connection, caller.token)
    scopes = None if row is None else row["scopes"]
    return None if scopes is None else [Permission(scope) for scope in scopes]


async def _identity(unit: Unit, login: str, role: Role | None) -> Row:
    if role is None:
        known = await identities.lock(unit, login)
        if known is None:
            raise NotFound(f"there is no identity {login!r}", hint="name a role to make it")
        return known
    kind = "service" if role is Role.WORKER else "user"
    identity = await identities.ensure(unit, login, kind, role.value)
    if identity["role"] != role.value:
        raise Conflict(f"{login!r} has the role {identity['role']}", code="other_role", hint="leave out `role`")
    return identity


def _terms(wanted: Wanted, role: str | None, scopes: Sequence[Permission] | None) -> Terms:
    names = None if scopes is None else [scope.value for scope in scopes]
    return Terms(wanted.label, wanted.expires, "token", role, names)


async def _make(unit: Unit, identity: Row, terms: Terms) -> Made:
    token = tokens.make()
    row = await tokens.insert(unit, token, identity["id"], terms)
    audit.about(token.id, login=identity["login"])
    return Made(token, identity["login"], terms.role or identity["role"], row["created"])


async def make_token(
    store: Store, login: str, role: Role, label: str, expires: datetime | None
) -> tuple[tokens.Token, Row]:
    """(the token, its row). The identity is made when it is new. Errors: Conflict when it has another role."""
    token = tokens.make()
    async with store.unit() as unit:
        identity = await _identity(unit, login, role)
        row = await tokens.insert(unit, token, identity["id"], Terms(label, expires))
    return token, row
