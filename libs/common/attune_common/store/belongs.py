"""Which refs (and so which packs) the things belong to that have numbers, and whom they run for."""

from __future__ import annotations

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("belongs")


async def execution(connection: Connection, id: int) -> Row | None:
    """`refs`: of its action and of the outermost execution's; `identity`."""
    return await connection.fetchrow(_SQL.execution, id)


async def run(connection: Connection, id: int) -> Row | None:
    """The same of a workflow execution."""
    return await connection.fetchrow(_SQL.run, id)


async def event(connection: Connection, id: int) -> Row | None:
    return await connection.fetchrow(_SQL.event, id)


async def enforcement(connection: Connection, id: int) -> Row | None:
    return await connection.fetchrow(_SQL.enforcement, id)


async def incident(connection: Connection, id: int) -> Row | None:
    """Of the run, the execution or the event that it set aside; no refs when it is none of these."""
    return await connection.fetchrow(_SQL.incident, id)
