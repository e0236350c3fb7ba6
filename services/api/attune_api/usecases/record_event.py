"""Recording an event: stored with its payload checked, announced to the executors."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attune_api.errors import Conflict, Invalid, NotFound
from attune_common.contracts.event import EventCreated
from attune_common.store import events, internal_events, triggers
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_core.model import schema


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What happened: `dedup_key` None means every occurrence counts. `execution`: the one whose action tells it."""

    trigger: str
    payload: Any
    source: Mapping[str, Any] = field(default_factory=dict)
    dedup_key: str | None = None
    execution: int | None = None


async def record_event(store: Store, what: Occurrence) -> tuple[int, bool]:
    """(event's id, whether it is new), for a trigger by its ref. Errors: NotFound, Conflict, Invalid."""
    async with store.unit() as unit:
        trigger = await triggers.get(unit, what.trigger)
        if trigger is None:
            raise NotFound(f"there is no trigger {what.trigger!r}", code="trigger_not_found")
        if not trigger["enabled"]:
            raise Conflict(f"the trigger {what.trigger!r} is disabled", code="trigger_disabled")
        return await store_event(unit, what, trigger["payload_schema"])


async def store_event(unit: Unit, what: Occurrence, payload_schema: Mapping[str, Any] | None) -> tuple[int, bool]:
    """Store and announce. Errors: Invalid when the payload is not as the trigger says."""
    payload = schema.apply_defaults(payload_schema, what.payload)
    findings = schema.validate(payload_schema, payload)
    if findings:
        raise Invalid.of_schema(findings, "payload", "invalid_payload")
    trace_id, depth = await _origin(unit, what)
    row = events.EventRow(what.trigger, payload, trace_id, what.source, what.dedup_key, depth)
    event, is_new = await events.insert(unit, row)
    if is_new:
        unit.emit(EventCreated(event_id=event, trigger_ref=what.trigger, trace_id=trace_id))
    return event, is_new


async def _origin(unit: Unit, what: Occurrence) -> tuple[str, int]:
    """(trace id, depth): what an action emits carries on the trace of its execution, and is one step deeper."""
    if what.execution is None:
        return uuid.uuid4().hex, 0
    origin = await internal_events.origin(unit, what.execution)
    return (uuid.uuid4().hex, 0) if origin is None else (origin["trace_id"], origin["depth"])
