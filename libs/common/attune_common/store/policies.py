"""Policies as stored: of packs, and of users (without a pack); who runs and who waits under them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, Row
from attune_common.store.definitions import Definitions

_SQL = queries.load("policies")


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy as it is to be stored. `limits`: as `attune_core.policies.spec.to_json` writes them."""

    ref: str
    label: str
    description: str
    action_ref: str
    limits: Mapping[str, Any]
    enabled: bool = True


def _columns(policy: PolicyRow) -> tuple[Any, ...]:
    return policy.label, policy.description, policy.action_ref, dict(policy.limits), policy.enabled


_KEPT = Definitions(_SQL, _columns)
get = _KEPT.get
get_for_update = _KEPT.get_for_update
page = _KEPT.page
put = _KEPT.put
insert = _KEPT.insert
update = _KEPT.update
delete = _KEPT.delete
delete_others = _KEPT.delete_others


async def lines(connection: Connection, policy: int, limit: int) -> list[Row]:
    """Per limit and group: kind, bucket, running, waiting, next (the execution whose turn it is). The longest first."""
    return await connection.fetch(_SQL.lines, policy, limit)


async def waits_for(connection: Connection, executions: Sequence[int]) -> dict[int, Row]:
    """What those that wait are waiting for: policy, kind, bucket, position (from 1), due_at (of a next attempt)."""
    return {row["execution"]: row for row in await connection.fetch(_SQL.waits_for, list(executions))}
