"""The rights of identities as they are now: their role, cut by whether they are enabled, and roles on packs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attune_common.store import queries
from attune_common.store.connection import Connection, Row
from attune_core.access.rights import NOBODY, SYSTEM, Rights, rights_of
from attune_core.access.roles import Role

_SQL = queries.load("rights")


async def of(connection: Connection, identities: Iterable[int | None]) -> dict[int | None, Rights]:
    """By identity. One that is gone or disabled may nothing; None is the platform itself."""
    wanted = set(identities)
    ids = sorted(each for each in wanted if each is not None)
    rows = await connection.look(_SQL.of, ids) if ids else []
    found: dict[int | None, Rights] = dict.fromkeys(wanted, NOBODY)
    if None in wanted:
        found[None] = SYSTEM
    return found | {row["id"]: from_row(row) for row in rows if row["enabled"]}


def from_row(row: Row) -> Rights:
    """`login`, `role` and `grants` (pack -> role, or None) of an enabled identity."""
    grants: Mapping[str, str] = row["grants"] or {}
    return rights_of(row["login"], Role(row["role"]), {pack: Role(role) for pack, role in grants.items()})


async def put_grant(unit: Connection, identity: int, pack: str, role: str) -> Row:
    """The grant (pack_ref, role, created), with `made` when it is new."""
    row = await unit.fetchrow(_SQL.put_grant, identity, pack, role)
    assert row is not None
    return row


async def delete_grant(unit: Connection, identity: int, pack: str) -> bool:
    return await unit.execute(_SQL.delete_grant, identity, pack) > 0


async def grants(connection: Connection, identity: int) -> list[Row]:
    return await connection.fetch(_SQL.grants, identity)
