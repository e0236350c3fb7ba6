"""Reading inquiries for people: rows as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("inquiry_views")


@dataclass(frozen=True, slots=True)
class Filter:
    """None means any. `assigned_to` names one, `any_of` several logins and roles.

    `packs`: only what belongs to these, and what is assigned to one of `also`.
    """

    statuses: Sequence[str] | None = None
    execution: int | None = None
    workflow_execution: int | None = None
    assigned_to: str | None = None
    any_of: tuple[str, ...] | None = None
    packs: tuple[str, ...] | None = None
    also: tuple[str, ...] = ()


async def get(connection: Connection, inquiry: int) -> Row | None:
    return await connection.fetchrow(_SQL.get, inquiry)


async def page(connection: Connection, before: int | None, wanted: Filter, limit: int) -> list[Row]:
    """Newest first, only ids below `before`."""
    any_of = None if wanted.any_of is None else list(wanted.any_of)
    packs = None if wanted.packs is None else list(wanted.packs)
    return await connection.fetch(
        _SQL.page, before, wanted.statuses, wanted.execution, wanted.workflow_execution, wanted.assigned_to, any_of,
        packs, list(wanted.also), limit,
    )  # fmt: skip


async def of_run(connection: Connection, run: int, limit: int) -> list[Row]:
    """id, execution, prompt, assigned_to, timeout_at of what the run's own tasks wait for, the oldest first."""
    return await connection.fetch(_SQL.of_run, run, limit)
