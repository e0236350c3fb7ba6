"""Attempts to log in: counted before they are tried, so that parallel guesses count too."""

from __future__ import annotations

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("identities")


async def credentials(connection: Connection, login: str) -> Row | None:
    """id, login, role, kind, enabled and the hash of the password."""
    return await connection.fetchrow(_SQL.credentials, login)


async def reserve(unit: Connection, login: str, most: int) -> tuple[int | None, float]:
    """(the attempt, 0), or (None, seconds to wait) when there were `most` failures within the last minute."""
    await unit.execute(_SQL.lock_login, login)
    row = await unit.fetchrow(_SQL.failures, login)
    assert row is not None
    if row["failures"] >= most:
        return None, max(1.0, float(row["wait"]))
    attempt: int = await unit.fetchval(_SQL.add_failure, login)
    return attempt, 0.0


async def take_back(unit: Connection, attempt: int) -> None:
    """The attempt succeeded."""
    await unit.execute(_SQL.delete_failure, attempt)


async def sweep(unit: Connection, most: int) -> int:
    """Remove what no longer counts."""
    return await unit.execute(_SQL.sweep_failures, most)
