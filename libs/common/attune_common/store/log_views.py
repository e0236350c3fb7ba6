"""Reading what executions have written: page by page, or the end of it; of one, or of a whole workflow."""

from __future__ import annotations

from dataclasses import dataclass

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("log_views")

Place = tuple[int, int, int]
"""(execution, attempt, seq)"""


@dataclass(frozen=True, slots=True)
class Lines:
    """Whose lines. `tree`: of a workflow also those of its tasks, and of the workflows in it."""

    execution: int
    tree: bool = False
    attempt: int | None = None
    stream: str | None = None


async def lines(connection: Connection, of: Lines, after: Place, limit: int) -> list[Row]:
    """Lines after a place, in the order of executions, attempts and numbers."""
    return await connection.fetch(_SQL.lines, of.execution, of.tree, *after, of.attempt, of.stream, limit)


async def tail(connection: Connection, of: Lines, count: int) -> list[Row]:
    """The last so many, in the order of their times."""
    rows = await connection.fetch(_SQL.tail, of.execution, of.tree, of.attempt, of.stream, count)
    return rows[::-1]


async def ends(connection: Connection, execution: int, after: tuple[int, int], limit: int) -> list[Row]:
    """The number of the last line of each attempt, of a workflow's tasks too, after (execution, attempt)."""
    return await connection.fetch(_SQL.ends, execution, *after, limit)
