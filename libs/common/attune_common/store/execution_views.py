"""Reading executions for people: rows as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("execution_views")


@dataclass(frozen=True, slots=True)
class Filter:
    """None means any. `root`: only executions that have no parent. `since`, `until`: by when they were made.

    `packs`: what belongs to these packs, by its own action or by the outermost one, or to the identity `also`.
    `ids`: of these alone.
    """

    statuses: Sequence[str] | None = None
    action: str | None = None
    parent: int | None = None
    root: bool = False
    rule: str | None = None
    packs: Sequence[str] | None = None
    also: int | None = None
    pack: str | None = None
    trigger: str | None = None
    trace_id: str | None = None
    event: int | None = None
    run: int | None = None
    login: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    ids: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """`found`: ids; `last`: the oldest that was looked at, None when there was none; `more`: older ones may follow."""

    found: Sequence[int]
    last: int | None
    more: bool


async def get(connection: Connection, execution: int) -> Row | None:
    return await connection.fetchrow(_SQL.get, execution)


async def page(connection: Connection, before: int | None, wanted: Filter, limit: int) -> list[Row]:
    """Newest first, only ids below `before`; without parameters and results."""
    return await connection.fetch(
        _SQL.page, before, wanted.statuses, wanted.action, wanted.parent, wanted.root, wanted.rule, limit,
        None if wanted.packs is None else list(wanted.packs), wanted.also, wanted.pack, wanted.trigger,
        wanted.trace_id, wanted.event, wanted.run, wanted.login, wanted.since, wanted.until,
        None if wanted.ids is None else list(wanted.ids),
    )  # fmt: skip


async def holding(connection: Connection, before: int | None, wanted: Filter, text: str, most: int) -> Looked:
    """Ids below `before` whose inputs hold the text, in any case, among the newest `most`; `page` filters the rest."""
    row = await connection.fetchrow(
        _SQL.holding, before, text, most, wanted.statuses, wanted.action, wanted.trace_id, wanted.since, wanted.until,
        wanted.root,
    )  # fmt: skip
    assert row is not None
    return Looked(row["found"], row["last"], row["more"])


async def attempts(connection: Connection, execution: int) -> list[Row]:
    """The attempts before the current one."""
    return await connection.fetch(_SQL.attempts, execution)


async def exists(connection: Connection, execution: int) -> bool:
    return bool(await connection.fetchval(_SQL.exists, execution))
