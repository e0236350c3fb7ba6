"""Identities: who owns tokens, rules and executions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("identities")


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """`password`: its argon2 hash, None for one that cannot log in."""

    login: str
    kind: str
    role: str
    label: str = ""
    password: str | None = None


async def ensure(unit: Connection, login: str, kind: str, role: str) -> Row:
    """The identity of that login (id, login, role), made with `role` when it is new."""
    row = await unit.fetchrow(_SQL.ensure, login, kind, role)
    assert row is not None
    return row


async def set_role(unit: Connection, identity: int, role: str) -> None:
    """Give the identity this role and enable it."""
    await unit.execute(_SQL.set_role, identity, role)


async def insert(unit: Connection, new: IdentityRow) -> int | None:
    """The id; None when the login is taken."""
    made: int | None = await unit.fetchval(_SQL.insert, new.login, new.kind, new.role, new.label, new.password)
    return made


async def by_subject(unit: Connection, subject: str) -> Row | None:
    """The identity (id, login, role, label, enabled, linked) that an identity provider knows by this name, locked."""
    return await unit.fetchrow(_SQL.by_subject, subject)


async def link(unit: Connection, identity: int, subject: str) -> bool:
    """Let the provider's `subject` be this identity. False when it is another one, or this is another subject's."""
    await unit.execute(_SQL.lock_login, subject)
    return await unit.execute(_SQL.link, identity, subject) > 0


async def unlink(unit: Connection, identity: int) -> bool:
    """False when nobody had linked it."""
    return await unit.execute(_SQL.unlink, identity) > 0


async def insert_subject(unit: Connection, login: str, role: str, label: str, subject: str) -> None:
    """A user for it; nothing when the login or the subject is taken."""
    await unit.execute(_SQL.lock_login, subject)
    await unit.execute(_SQL.insert_subject, login, role, label, subject)


async def update(unit: Connection, identity: int, role: str, label: str, *, enabled: bool) -> None:
    await unit.execute(_SQL.update, identity, role, label, enabled)


async def set_password(unit: Connection, identity: int, password: str | None) -> None:
    """`password`: the hash."""
    await unit.execute(_SQL.set_password, identity, password)


async def get(connection: Connection, login: str) -> Row | None:
    """With `grants` (pack -> role, or None) and `has_password`; never the hash."""
    return await connection.fetchrow(_SQL.get, login)


async def lock(unit: Connection, login: str) -> Row | None:
    """With the hash of the password."""
    return await unit.fetchrow(_SQL.lock, login)


async def lock_admins(unit: Connection) -> Sequence[int]:
    """The ids of enabled administrators, so that no two requests remove the last two of them."""
    return [row["id"] for row in await unit.fetch(_SQL.lock_admins)]


async def page(connection: Connection, after: str | None, kind: str | None, role: str | None, limit: int) -> list[Row]:
    return await connection.fetch(_SQL.page, after, kind, role, limit)


async def owned_rules(connection: Connection, identity: int) -> list[str]:
    """Refs of rules that act for it, at most 20."""
    return [row["ref"] for row in await connection.fetch(_SQL.owned_rules, identity)]


async def delete(unit: Connection, identity: int, login: str) -> None:
    """With its tokens, grants, and the keys and secrets of its own scope."""
    await unit.execute(_SQL.delete_keys, f"identity:{login}/")
    await unit.execute(_SQL.delete, identity)
