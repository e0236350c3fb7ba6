"""Events and enforcements as clients see them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from attune_api.intake import Recorded
from attune_common.store.connection import Row
from attune_core.errors import AttuneError
from attune_core.expressions.markers import MASK
from attune_core.model.sealing import put


class Event(BaseModel):
    """`matched`: the rules have been asked. `depth` counts the way event -> rule -> execution -> event."""

    id: int
    trigger: str
    payload: Any
    source: dict[str, Any]
    trace_id: str
    depth: int
    matched: bool
    created: datetime


class Enforcement(BaseModel):
    """One rule's verdict on one event; `execution` is what it started."""

    id: int
    rule: str
    event: int
    matched: bool
    reason: str
    execution: int | None
    created: datetime


class Refusal(BaseModel):
    code: str
    message: str


class EventVerdict(BaseModel):
    """`event_id` is null when the event is refused. `repeated`: the key was there already."""

    event_id: int | None = None
    repeated: bool = False
    error: Refusal | None = None


class EventVerdicts(BaseModel):
    """In the order of the events."""

    items: list[EventVerdict]


class EventAccepted(BaseModel):
    event_id: int


class EventRepeated(BaseModel):
    """The sender's number was there before: this is the event of the first time."""

    event_id: int
    repeated: bool = True


class Challenge(BaseModel):
    """What a sender that asks whether the address is ours wants to hear."""

    challenge: str


def event(row: Row | Mapping[str, Any]) -> Event:
    values = {name: row[name] for name in Event.model_fields if name not in ("trigger", "payload")}
    return Event(**values, trigger=row["trigger_ref"], payload=_payload(row))


def _payload(row: Row | Mapping[str, Any]) -> Any:
    """With stars where a secret is, and only there."""
    payload = row["payload"]
    for place in row["secrets"] or ():
        payload = put(payload, tuple(place), MASK)
    return payload


def verdict(outcome: Recorded | AttuneError) -> EventVerdict:
    if isinstance(outcome, AttuneError):
        return EventVerdict(error=Refusal(code=outcome.code, message=outcome.message))
    return EventVerdict(event_id=outcome.row["id"], repeated=not outcome.is_new)


def enforcement(row: Row) -> Enforcement:
    values = {name: row[name] for name in Enforcement.model_fields if name != "rule"}
    return Enforcement(**values, rule=row["rule_ref"])
