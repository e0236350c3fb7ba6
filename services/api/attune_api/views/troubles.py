"""Dead letters and incidents as clients see them."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from attune_common.runtime import json
from attune_common.store.connection import Row

SHOWN_BYTES = 65_536
_CREDENTIALS = frozenset({"api_token", "token"})
_MASK = "********"


class DeadLetterSummary(BaseModel):
    """A message that could not be handled. `queue`: where it was refused. `status`: new, replayed, discarded.

    `size` in bytes. `incident`: the message is kept for the end of that one, and handled when it is resolved.
    """

    id: int
    queue: str
    routing_key: str
    reason: str
    status: str
    incident: int | None
    size: int
    created: datetime
    closed: datetime | None
    closed_by: str | None


class DeadLetter(DeadLetterSummary):
    """`content`: what it says if it is JSON, without credentials; else `text`, or `base64` if it is no text.

    `truncated`: only its first 64 KiB are shown, as text.
    """

    content: Any = None
    text: str | None = None
    base64: str | None = None
    truncated: bool


class IncidentSummary(BaseModel):
    """Something that must not happen and did. `kind`: poison (what `subject` names failed again and again by itself

    and is set aside) or stuck_run (nothing of the run is under way). `subject`: `run:ID`, `execution:ID`, `event:ID`.
    `kept`: messages that wait for its end. `resolution`: continued, cancelled; null while it is open.
    """

    id: int
    kind: str
    subject: str
    workflow_execution: int | None
    execution: int | None
    event: int | None
    error: str | None
    kept: int
    created: datetime
    seen: datetime
    resolved: datetime | None
    resolution: str | None
    resolved_by: str | None
    note: str


class Incident(IncidentSummary):
    """`detail`: what is known of it; `trace` is for those who build Attune."""

    detail: dict[str, Any]


def dead_letter_summary(row: Row) -> DeadLetterSummary:
    return DeadLetterSummary(**_fields(row, DeadLetterSummary))


def dead_letter(row: Row) -> DeadLetter:
    truncated = row["size"] > SHOWN_BYTES
    return DeadLetter(**_fields(row, DeadLetterSummary), **_body(row["body"], truncated), truncated=truncated)


def incident_summary(row: Row) -> IncidentSummary:
    return IncidentSummary(**_incident(row))


def incident(row: Row) -> Incident:
    return Incident(**_incident(row), detail=row["detail"])


def _incident(row: Row) -> dict[str, Any]:
    names = (name for name in IncidentSummary.model_fields if name != "workflow_execution")
    return {**{name: row[name] for name in names}, "workflow_execution": row["workflow_run"]}


def _fields(row: Row, model: type[BaseModel]) -> dict[str, Any]:
    return {name: row[name] for name in model.model_fields}


def _body(body: bytes, truncated: bool) -> dict[str, Any]:
    """What cannot be written as JSON again (too deep, too large numbers) is shown as text."""
    if not truncated:
        try:
            return {"content": _masked(json.clean(json.loads(body)))}
        except json.DataError:
            pass
    try:
        return {"text": body.decode("utf-8", "ignore" if truncated else "strict")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _masked(value: Any) -> Any:
    """Without what opens an attempt's doors: parameters hold no secrets, those travel sealed."""
    if isinstance(value, dict):
        return {key: _MASK if key in _CREDENTIALS and each else _masked(each) for key, each in value.items()}
    return [_masked(each) for each in value] if isinstance(value, list) else value
