"""Messages about events from the outside world."""

from __future__ import annotations

from attune_common.contracts.base import Message


class EventCreated(Message):
    event_id: int
    trigger_ref: str
    trace_id: str = ""
