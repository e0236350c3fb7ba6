"""Recording an event within a transaction that does more than that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_api.intake import Occurrence, checked_payload
from attune_common.contracts.event import EventCreated
from attune_common.store import events
from attune_common.store.unit import Unit
from attune_common.vault.envelope import Vault
from attune_common.vault.parameters import seal_payload

__all__ = ["Occurrence", "store_event"]


async def store_event(
    unit: Unit, vault: Vault, what: Occurrence, payload_schema: Mapping[str, Any] | None
) -> tuple[int, bool]:
    """Store and announce: (id, whether it is new).

    Errors: Invalid when the payload is not as the trigger says; SecretsUnavailable.
    """
    payload, sealed = seal_payload(vault, payload_schema, checked_payload(payload_schema, what.payload))
    row = events.EventRow(what.trigger, payload, what.trace_id, what.source, what.dedup_key, sealed=sealed)
    event, is_new = await events.insert(unit, row)
    if is_new:
        unit.emit(EventCreated(event_id=event, trigger_ref=what.trigger, trace_id=what.trace_id))
    return event, is_new
