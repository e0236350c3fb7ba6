"""Workflow definitions, and the versions that runs hold on to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("workflows")


@dataclass(frozen=True, slots=True)
class WorkflowRow:
    """A definition as it is to be stored. `task_graph` is its adjacency list `{task: [{to, on}]}`.

    `from_pack` false: made through the API, an upgrade of the pack leaves it alone.
    """

    ref: str
    label: str
    description: str
    version: str
    param_schema: Mapping[str, Any] | None
    out_schema: Mapping[str, Any] | None
    definition: Mapping[str, Any]
    task_graph: Mapping[str, Any]
    digest: str
    tags: Sequence[str]
    from_pack: bool = True


async def get(connection: Connection, ref: str) -> Row | None:
    return await connection.fetchrow(_SQL.get, ref)


async def page(
    connection: Connection, after: str | None, pack: str | None, limit: int, packs: Sequence[str] | None = None
) -> list[Row]:
    """By ref. `packs`: of these alone."""
    return await connection.fetch(_SQL.page, after, pack, limit, None if packs is None else list(packs))


async def put(unit: Connection, pack: int, pack_ref: str, workflow: WorkflowRow) -> int | None:
    """Store or replace, and keep its version; the definition's id, None when another pack has that ref."""
    await unit.execute(
        _SQL.put_version, workflow.digest, workflow.ref, dict(workflow.definition), dict(workflow.task_graph)
    )
    stored: int | None = await unit.fetchval(
        _SQL.put, workflow.ref, pack, pack_ref, workflow.label, workflow.description, workflow.version,
        workflow.param_schema, workflow.out_schema, dict(workflow.definition), workflow.digest,
        list(workflow.tags), workflow.from_pack,
    )  # fmt: skip
    return stored


async def delete_others(unit: Connection, pack: int, refs: Sequence[str]) -> int:
    """Remove the pack's own definitions that are not in `refs`; runs keep their versions."""
    return await unit.execute(_SQL.delete_others, pack, list(refs))


async def delete(unit: Connection, ref: str) -> bool:
    """Remove a definition with its synthetic action."""
    return await unit.execute(_SQL.delete, ref) > 0


async def live_runs(connection: Connection, ref: str) -> list[Row]:
    """Up to 50 executions (id, action_ref, status) of the workflow that have not ended."""
    return await connection.fetch(_SQL.live_runs, ref)
