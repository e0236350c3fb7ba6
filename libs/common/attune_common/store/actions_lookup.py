"""What the executor asks of registered things: actions by ref, datastore keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from attune_common.runtime.lru import Lru
from attune_common.store import queries
from attune_common.store.connection import Connection
from attune_core.model.sealing import marks_secrets
from attune_core.policies.spec import Limits, from_json

_SQL = queries.load("actions_lookup")


Pinned = tuple[str, int | None]
"""An action's ref, and the version of its pack that is asked for; None for the one that is current."""


@dataclass(frozen=True, slots=True)
class Action:
    """A registered action with its pack's content digest and, for a workflow, its definition's digest.

    `enabled` is false when the workflow is disabled, too; `pack_enabled` is for what begins, not for what runs.
    `policies`: by id, those that limit how it
    starts; they are those of now, whatever version of the action is asked for. `has_secrets`: its schema may mark
    parameters as secret.
    """

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
    pack_enabled: bool = True
    pack_version: int | None = None
    policies: Mapping[int, Limits] = field(default_factory=dict)
    has_secrets: bool = True


class KnownActions:
    """What a process remembers of actions: good as long as nothing is registered, which one number tells."""

    def __init__(self, most: int = 2_000) -> None:
        self._kept: Lru[Pinned, tuple[int, Action | None]] = Lru(most)

    async def pinned(
        self, connection: Connection, wanted: Iterable[Pinned], registered: int | None
    ) -> dict[Pinned, Action | None]:
        """Each as it is for who has read `registered` just now (None: unknown); None where there is none."""
        asked = [(one, self._kept.get(one)) for one in set(wanted)]
        known = {one: kept[1] for one, kept in asked if kept is not None and kept[0] == registered}
        missing = [one for one, _ in asked if one not in known]
        found = await pinned(connection, missing) if missing else {}
        for one in missing:
            known[one] = action = found.get(one)
            if registered is not None:
                self._kept.put(one, (registered, action))
        return known


async def pinned(connection: Connection, wanted: Iterable[Pinned]) -> dict[Pinned, Action]:
    """The actions as they are, or were, in the versions asked for."""
    asked = sorted(wanted, key=lambda one: (one[0], one[1] or 0))
    found: dict[Pinned, Action] = {}
    for row in await connection.look(_SQL.resolve, [ref for ref, _ in asked], [pin for _, pin in asked]):
        values = dict(row.items())
        pin, workflow = values.pop("pin"), values.pop("workflow_enabled")
        values["enabled"] = values["enabled"] and workflow is not False
        values["policies"] = {int(id): from_json(limits) for id, limits in (values.get("policies") or {}).items()}
        found[(values["ref"], pin)] = Action(**values, has_secrets=marks_secrets(values["param_schema"]))
    return found


async def kv(connection: Connection, keys: Iterable[str]) -> dict[str, Any]:
    """Values of the keys that exist."""
    return {row["key"]: row["value"] for row in await connection.look(_SQL.kv, sorted(keys))}
