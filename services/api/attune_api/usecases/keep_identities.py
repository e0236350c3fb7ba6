"""Making, changing and removing identities, their passwords and their roles on packs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from attune_api.auth import Principal
from attune_api.context import Context
from attune_api.errors import Conflict, Forbidden, Invalid, NotFound
from attune_api.permissions import Permission, Role
from attune_api.usecases.log_in import reserve
from attune_common.store import audit, identities, logins, rights, tokens
from attune_common.store.connection import Row
from attune_common.store.identities import IdentityRow
from attune_common.store.unit import Unit
from attune_core.access.keys import ME

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NewIdentity:
    login: str
    kind: Literal["user", "service"]
    role: Role
    label: str
    password: str | None


async def create_identity(context: Context, new: NewIdentity) -> None:
    """Errors: Conflict when the login is taken, Invalid."""
    if new.login == ME:
        raise Invalid.at("body.login", f"{ME!r} stands for whoever asks", code="reserved_login")
    if new.password is not None and new.kind == "service":
        raise Invalid.at("body.password", "a service has tokens, no password", hint="attune token create")
    kept = None if new.password is None else await context.passwords.hash(new.password)
    audit.about(new.login, role=new.role.value)
    async with context.store.unit() as unit:
        row = IdentityRow(new.login, new.kind, new.role.value, new.label, kept)
        if await identities.insert(unit, row) is None:
            raise Conflict(f"there is an identity {new.login!r} already", code="login_taken")


@dataclass(frozen=True, slots=True)
class Change:
    """None leaves it as it is."""

    role: Role | None = None
    label: str | None = None
    enabled: bool | None = None


async def change_identity(context: Context, login: str, change: Change) -> None:
    """Errors: NotFound, Conflict when nobody would be left to administer."""

    async def work(unit: Unit) -> None:
        admins = await identities.lock_admins(unit)
        row = await locked(unit, login)
        role = change.role.value if change.role is not None else row["role"]
        enabled = row["enabled"] if change.enabled is None else change.enabled
        if not (enabled and role == Role.ADMIN):
            _keep_an_admin(admins, row)
        label = row["label"] if change.label is None else change.label
        await identities.update(unit, row["id"], role, label, enabled=enabled)
        audit.about(login, role=role, enabled=enabled)

    await context.store.retrying(work)


async def delete_identity(context: Context, login: str) -> None:
    """With its tokens, grants, keys and secrets. Errors: NotFound; Conflict while rules act for it."""

    async def work(unit: Unit) -> None:
        admins = await identities.lock_admins(unit)
        row = await locked(unit, login)
        _keep_an_admin(admins, row)
        owned = await identities.owned_rules(unit, row["id"])
        if owned:
            places = [
                {"path": f"/api/v1/rules/{ref}", "message": f"{ref} acts for {login}",
                 "hint": "whoever saves it next owns it"}
                for ref in owned
            ]  # fmt: skip
            hint = "disable the identity instead, or let others own the rules"
            raise Conflict(f"rules act for {login!r}", code="owns_rules", hint=hint, errors=places)
        await identities.delete(unit, row["id"], login)

    await context.store.retrying(work)


def _keep_an_admin(admins: object, row: Row) -> None:
    if admins == [row["id"]]:
        raise Conflict(f"{row['login']!r} is the last administrator", code="last_admin", hint="make another one first")


async def set_password(context: Context, caller: Principal, login: str, password: str, current: str | None) -> None:
    """One's own with the present one, anybody's as an administrator. Ends the other sessions of that identity.

    Errors: Forbidden, NotFound, Invalid, TooMany.
    """
    is_admin = Permission.ADMIN in caller.granted
    if caller.is_action or not (is_admin or login == caller.login):
        raise Forbidden("only administrators set the passwords of others", hint="attune login, then your own")
    async with context.store.connection() as connection:
        known = await identities.lock(connection, login)
    if known is None:
        raise NotFound(f"there is no identity {login!r}")
    if known["kind"] != "user":
        raise Invalid.at("path.login", "a service has tokens, no password", hint="attune token create")
    attempt = None if is_admin else await reserve(context, login)
    if not is_admin and not await context.passwords.fits(current or "", known["password"]):
        raise Forbidden("the present password is not right", code="bad_password", hint="give it as `current`")
    kept = await context.passwords.hash(password)

    async def work(unit: Unit) -> None:
        if attempt is not None:
            await logins.take_back(unit, attempt)
        await identities.set_password(unit, known["id"], kept)
        await tokens.revoke_sessions(unit, known["id"], but=caller.token if caller.id == known["id"] else None)

    await context.store.retrying(work)


async def put_grant(context: Context, login: str, pack: str, role: Role) -> Row:
    """Errors: NotFound, Invalid for a role that is none on a pack."""
    if role not in (Role.VIEWER, Role.OPERATOR, Role.AUTHOR, Role.ADMIN):
        hint = "viewer, operator, author or admin"
        raise Invalid.at("body.role", f"{role.value} is no role on a pack", hint=hint)
    return await _with(context, login, lambda unit, id: rights.put_grant(unit, id, pack, role.value))


async def delete_grant(context: Context, login: str, pack: str) -> None:
    """Errors: NotFound."""
    if not await _with(context, login, lambda unit, id: rights.delete_grant(unit, id, pack)):
        raise NotFound(f"{login!r} has no role on the pack {pack!r}")


async def locked(unit: Unit, login: str) -> Row:
    """Errors: NotFound."""
    row = await identities.lock(unit, login)
    if row is None:
        raise NotFound(f"there is no identity {login!r}")
    return row


async def _with(context: Context, login: str, work: Callable[[Unit, int], Awaitable[T]]) -> T:
    async def locking(unit: Unit) -> T:
        return await work(unit, (await locked(unit, login))["id"])

    return await context.store.retrying(locking)
