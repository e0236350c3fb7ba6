"""Reading executions for people: rows as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("execution_views")


@dataclass(frozen=True, slots=True)
class Filter:
    """None means any. `root`: only executions that have no parent.

    `packs`: what belongs to these packs, by its own action or by the outermost one, or to the identity `also`.
    """

    status: str | None = None
    action: str | None = None
    parent: int | None = None
    root: bool = False
    rule: str | None = None
    packs: Sequence[str] | None = None
    also: int | None = None


async def get(connection: Connection, execution: int) -> Row | None:
    return await connection.fetchrow(_SQL.get, execution)


async def page(connection: Connection, before: int | None, wanted: Filter, limit: int) -> list[Row]:
    """Newest first, only ids below `before`; without parameters and results."""
    return await connection.fetch(
        _SQL.page, before, wanted.status, wanted.action, wanted.parent, wanted.root, wanted.rule, limit,
        None if wanted.packs is None else list(wanted.packs), wanted.also,
    )  # fmt: skip


async def attempts(connection: Connection, execution: int) -> list[Row]:
    """The attempts before the current one."""
    return await connection.fetch(_SQL.attempts, execution)


async def logs(
    connection: Connection, execution: int, after: tuple[int, int], attempt: int | None, limit: int
) -> list[Row]:
    """Lines after `(attempt, seq)`, of one attempt or of all."""
    return await connection.fetch(_SQL.logs, execution, *after, attempt, limit)


async def exists(connection: Connection, execution: int) -> bool:
    return bool(await connection.fetchval(_SQL.exists, execution))
