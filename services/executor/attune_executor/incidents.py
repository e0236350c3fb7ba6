"""Incidents are opened: an operator finds them, rules hear of them, and what was being done is kept for later."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attune_common.bus import topology
from attune_common.contracts.base import Message
from attune_common.contracts.envelope import pack
from attune_common.contracts.incident import IncidentOpened
from attune_common.contracts.registry import TYPE_OF
from attune_common.runtime import logging
from attune_common.store import dead_letters, incidents, internal_events
from attune_common.store.dead_letters import DeadLetter
from attune_common.store.internal_events import INCIDENT_OPENED, Happening
from attune_common.store.unit import Unit
from attune_executor.context import INCIDENTS

_LONGEST_REASON = 300
_log = logging.get("attune.executor")


async def report(unit: Unit, kind: str, subject: str, detail: dict[str, Any], kept: Iterable[Message] = ()) -> None:
    """`kept`: messages that have no other copy; they are handled when the incident is resolved."""
    id, is_new = await incidents.open_(unit, kind, subject, detail)
    error = str(detail.get("error", ""))
    if letters := list(_letters(id, error, kept)):
        await dead_letters.insert(unit, letters)
    if is_new:
        _log.error("incident", incident=id, kind=kind, subject=subject, error=error)
        INCIDENTS.labels(kind).inc()
        unit.emit(IncidentOpened(incident_id=id, kind=kind, subject=subject, error=error))
        await _tell(unit, id, kind, subject, error)


def _letters(incident: int, error: str, kept: Iterable[Message]) -> Iterable[DeadLetter]:
    for message in kept:
        queue = topology.executor(TYPE_OF[type(message)]).queue
        for wire in pack([(message, "")], "attune/executor"):
            reason = f"incident {incident}: {error}"[:_LONGEST_REASON]
            yield DeadLetter(queue, wire.routing_key, reason, wire.body, incident)


async def _tell(unit: Unit, id: int, kind: str, subject: str, error: str) -> None:
    """An event that is poison itself is not told of: the event that tells of it might be the next."""
    if not subject.startswith("event:"):
        payload = {"incident": id, "kind": kind, "subject": subject, "error": error}
        await internal_events.tell(unit, Happening(INCIDENT_OPENED, payload, dedup_key=str(id)))
