"""What the executor asks of registered things: actions by ref, datastore keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection

_SQL = queries.load("actions_lookup")


@dataclass(frozen=True, slots=True)
class Action:
    """A registered action with its pack's content digest and, for a workflow, its definition's digest."""

    ref: str
    pack_ref: str
    runtime: str
    entry_point: str
    param_schema: Mapping[str, Any] | None
    spec: Mapping[str, Any]
    is_workflow: bool
    enabled: bool
    workflow_def: int | None
    pack_digest: str
    version: str | None


async def resolve(connection: Connection, refs: Iterable[str]) -> dict[str, Action]:
    """The actions that exist, by ref. `enabled` is false when the pack or the workflow is disabled, too."""
    found = {}
    for row in await connection.fetch(_SQL.resolve, sorted(refs)):
        values = dict(row.items())
        pack, workflow = values.pop("pack_enabled"), values.pop("workflow_enabled")
        values["enabled"] = values["enabled"] and pack and workflow is not False
        found[values["ref"]] = Action(**values)
    return found


async def kv(connection: Connection, keys: Iterable[str]) -> dict[str, Any]:
    """Values of the keys that exist."""
    return {row["key"]: row["value"] for row in await connection.fetch(_SQL.kv, sorted(keys))}
