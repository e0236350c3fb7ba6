"""Actions as stored; a workflow has a synthetic one, so that it is invoked like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("actions")


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action as it is to be stored. `spec` holds what only its runtime understands."""

    ref: str
    label: str
    description: str
    runtime: str
    entry_point: str = ""
    param_schema: Mapping[str, Any] | None = None
    out_schema: Mapping[str, Any] | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    workflow_def: int | None = None
    enabled: bool = True


async def get(connection: Connection, ref: str) -> Row | None:
    return await connection.fetchrow(_SQL.get, ref)


async def page(
    connection: Connection, after: str | None, pack: str | None, limit: int, packs: Sequence[str] | None = None
) -> list[Row]:
    """By ref. `packs`: of these alone."""
    return await connection.fetch(_SQL.page, after, pack, limit, None if packs is None else list(packs))


async def refs(connection: Connection, packs: Sequence[str] | None, *, workflows: bool) -> list[str]:
    """The names of all actions, or of workflows alone; of these packs."""
    rows = await connection.fetch(_SQL.refs, None if packs is None else list(packs), workflows)
    return [row["ref"] for row in rows]


async def known(connection: Connection) -> dict[str, dict[str, Any] | None]:
    """The parameter schema of every action by ref."""
    return {row["ref"]: row["param_schema"] for row in await connection.fetch(_SQL.known)}


async def put(unit: Connection, pack: int, pack_ref: str, action: ActionRow) -> bool:
    """Store or replace; False when the ref is another pack's, or a workflow's where this is none (or vice versa)."""
    touched = await unit.execute(
        _SQL.put, action.ref, pack, pack_ref, action.label, action.description, action.runtime, action.entry_point,
        action.param_schema, action.out_schema, dict(action.spec), action.workflow_def is not None,
        action.workflow_def, action.enabled,
    )  # fmt: skip
    return touched > 0


async def delete_leaves(unit: Connection, pack: int, refs: Sequence[str]) -> int:
    """Remove the pack's actions of these refs that are no workflows: they are about to become some."""
    return await unit.execute(_SQL.delete_leaves, pack, list(refs))


async def delete_others(unit: Connection, pack: int, refs: Sequence[str]) -> int:
    """Remove the pack's actions that are not in `refs` (not those of workflows made through the API)."""
    return await unit.execute(_SQL.delete_others, pack, list(refs))


async def delete(unit: Connection, ref: str) -> bool:
    return await unit.execute(_SQL.delete, ref) > 0
