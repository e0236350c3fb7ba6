"""Which executions and runs a filter means, for those that do the same with many of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from attune_common.store import queries
from attune_common.store.connection import Connection

_SQL = queries.load("bulk")


@dataclass(frozen=True, slots=True)
class Choice:
    """None means any. `packs`: what belongs to these packs or, where the caller has any, to the identity `also`."""

    statuses: Sequence[str]
    ids: Sequence[int] | None = None
    action: str | None = None
    pack: str | None = None
    rule: str | None = None
    trigger: str | None = None
    event: int | None = None
    parent: int | None = None
    trace_id: str | None = None
    identity: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    packs: Sequence[str] | None = None
    also: int | None = None


Choose = Callable[[Connection, Choice, int], Awaitable[list[int]]]


async def executions(connection: Connection, choice: Choice, limit: int) -> list[int]:
    """Ids, newest first; tasks of workflows only when they are named."""
    return [row["id"] for row in await connection.fetch(_SQL.executions, *_values(choice), limit)]


async def runs(connection: Connection, choice: Choice, limit: int) -> list[int]:
    """Ids of workflow executions that are no subworkflows, newest first."""
    return [row["id"] for row in await connection.fetch(_SQL.runs, *_values(choice), limit)]


def _values(choice: Choice) -> tuple[object, ...]:
    return (
        list(choice.statuses), None if choice.ids is None else list(choice.ids), choice.action, choice.pack,
        choice.rule, choice.trigger, choice.event, choice.parent, choice.trace_id, choice.identity, choice.since,
        choice.until, None if choice.packs is None else list(choice.packs), choice.also if choice.packs else None,
    )  # fmt: skip
