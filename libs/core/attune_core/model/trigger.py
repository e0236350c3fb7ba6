"""A trigger type: something that can happen outside and be told to Attune."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class TriggerKind(StrEnum):
    EVENT = "event"
    WEBHOOK = "webhook"
    TIMER = "timer"


@dataclass(frozen=True, slots=True)
class TriggerSpec:
    """A trigger of a pack. `webhook_key` is the last part of its URL, None for other kinds.

    `spec` holds `webhook: {key, signature, secret?, secret_env?, header?, dedup?}` or `timer: {...}`.
    """

    ref: str
    label: str
    description: str = ""
    kind: TriggerKind = TriggerKind.EVENT
    param_schema: Mapping[str, Any] | None = None
    payload_schema: Mapping[str, Any] | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    webhook_key: str | None = None
    enabled: bool = True

    @property
    def is_set_by_rules(self) -> bool:
        """A timer that says nothing of when: each rule gives its own `trigger_parameters`."""
        return self.kind is TriggerKind.TIMER and "timer" not in self.spec
