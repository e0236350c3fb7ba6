"""Recording an event within a transaction that does more than that."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from attune_api.intake import Occurrence, checked_payload
from attune_common.contracts.event import EventCreated
from attune_common.store import events
from attune_common.store.unit import Unit

__all__ = ["Occurrence", "store_event"]


async def store_event(unit: Unit, what: Occurrence, payload_schema: Mapping[str, Any] | None) -> tuple[int, bool]:
    """Store and announce: (id, whether it is new). Errors: Invalid when the payload is not as the trigger says."""
    payload, trace_id = checked_payload(payload_schema, what.payload), uuid.uuid4().hex
    row = events.EventRow(what.trigger, payload, trace_id, what.source, what.dedup_key)
    event, is_new = await events.insert(unit, row)
    if is_new:
        unit.emit(EventCreated(event_id=event, trigger_ref=what.trigger, trace_id=trace_id))
    return event, is_new
