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

    `spec` holds `webhook: {key, signature: attune|none, secret?, secret_env?}` or `timer: {...}`.
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
