"""Rules as stored: of packs, and of users (without a pack)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attune_common.store import queries
from attune_common.store.definitions import Definitions

_SQL = queries.load("rules")


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as it is to be stored. `owner` is the identity that its executions belong to."""

    ref: str
    label: str
    description: str
    trigger_ref: str
    action_ref: str
    criteria: Any = None
    trigger_params: Mapping[str, Any] = field(default_factory=dict)
    action_params: Mapping[str, Any] = field(default_factory=dict)
    owner: int | None = None
    enabled: bool = True
    rate_limit: Mapping[str, Any] | None = None


def _columns(rule: RuleRow) -> tuple[Any, ...]:
    return (
        rule.label, rule.description, rule.trigger_ref, dict(rule.trigger_params), rule.criteria, rule.action_ref,
        dict(rule.action_params), rule.owner, rule.enabled, rule.rate_limit,
    )  # fmt: skip


_KEPT = Definitions(_SQL, _columns)
get = _KEPT.get
get_for_update = _KEPT.get_for_update
page = _KEPT.page
put = _KEPT.put
insert = _KEPT.insert
update = _KEPT.update
delete = _KEPT.delete
delete_others = _KEPT.delete_others
