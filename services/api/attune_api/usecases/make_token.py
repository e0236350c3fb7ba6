"""Giving someone a token."""

from __future__ import annotations

from datetime import datetime

from attune_api.errors import Conflict
from attune_api.permissions import Role
from attune_common.store import identities, tokens
from attune_common.store.connection import Row
from attune_common.store.store import Store


async def make_token(
    store: Store, login: str, role: Role, label: str, expires: datetime | None
) -> tuple[tokens.Token, Row]:
    """(the token, its row). The identity is made when it is new. Errors: Conflict when it has another role."""
    token = tokens.make()
    async with store.unit() as unit:
        kind = "service" if role is Role.WORKER else "user"
        identity = await identities.ensure(unit, login, kind, role.value)
        if identity["role"] != role.value:
            raise Conflict(f"{login!r} has the role {identity['role']}", code="other_role", hint="use another login")
        row = await tokens.insert(unit, token, identity["id"], tokens.Terms(label, expires))
    return token, row
