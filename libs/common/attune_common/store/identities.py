"""Identities: who owns tokens, rules and executions."""

from __future__ import annotations

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("identities")


async def ensure(unit: Connection, login: str, kind: str, role: str) -> Row:
    """The identity of that login (id, login, role), made with `role` when it is new."""
    row = await unit.fetchrow(_SQL.ensure, login, kind, role)
    assert row is not None
    return row


async def set_role(unit: Connection, identity: int, role: str) -> None:
    """Give the identity this role and enable it."""
    await unit.execute(_SQL.set_role, identity, role)
