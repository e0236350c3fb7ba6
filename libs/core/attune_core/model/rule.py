"""A rule: when this happens and that holds, run the action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A rule of a pack. `criteria` is what `rules.match` takes: a tree, `{"when": expression}`, or None for always.

    `rate_limit`: `{limit, per}`, how often it starts its action. `action_params` may hold templates over `event` and
    `trigger`.
    """

    ref: str
    label: str
    trigger_ref: str
    action_ref: str
    description: str = ""
    trigger_params: Mapping[str, Any] = field(default_factory=dict)
    criteria: Mapping[str, Any] | None = None
    action_params: Mapping[str, Any] = field(default_factory=dict)
    rate_limit: Mapping[str, Any] | None = None
    enabled: bool = True
