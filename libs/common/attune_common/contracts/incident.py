"""Messages about what must not happen and did."""

from __future__ import annotations

from attune_common.contracts.base import Message


class IncidentOpened(Message):
    """Something was set aside until an operator has looked at it. `subject` is like `run:17`; REST tells the rest."""

    incident_id: int
    kind: str
    subject: str
    error: str = ""


class IncidentResolved(Message):
    """An operator has looked at it: what was set aside goes on (`continued`) or is cancelled."""

    incident_id: int
    kind: str
    subject: str
    resolution: str
