"""What waits for an operator: incidents and dead letters."""

from __future__ import annotations

import builtins
from typing import Any, Literal, TypedDict, cast

from attune_client.models import Statuses
from attune_client.transport import Transport, items_of


class Incident(TypedDict, total=False):
    """What must not happen and did; `kept`: messages that wait for its end. Lists leave out `detail`."""

    id: int
    kind: str
    subject: str
    workflow_execution: int | None
    execution: int | None
    event: int | None
    error: str | None
    kept: int
    created: str
    seen: str
    resolved: str | None
    resolution: str | None
    resolved_by: str | None
    note: str
    detail: dict[str, Any]


class DeadLetter(TypedDict, total=False):
    """A message that could not be handled. Lists leave out what it says."""

    id: int
    queue: str
    routing_key: str
    reason: str
    status: str
    incident: int | None
    size: int
    created: str
    closed: str | None
    closed_by: str | None
    content: Any
    text: str | None
    base64: str | None
    truncated: bool


class Incidents:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(
        self,
        *,
        status: Statuses | None = None,
        kind: str | None = None,
        workflow_execution: int | None = None,
        limit: int = 50,
    ) -> builtins.list[Incident]:
        """The newest first. `status`: open or resolved."""
        params = {"status": status, "kind": kind, "workflow_execution": workflow_execution, "limit": limit}
        return cast("builtins.list[Incident]", items_of(await self._transport.get("/incidents", params)))

    async def get(self, incident: int) -> Incident:
        return cast(Incident, await self._transport.get(f"/incidents/{incident}"))

    async def resolve(
        self, incident: int, action: Literal["continue", "cancel"] = "continue", note: str = ""
    ) -> Incident:
        """Let what it set aside go on, or end it. Errors: ApiError 409 when it is resolved or cannot be cancelled."""
        body = {"action": action, "note": note}
        return cast(Incident, await self._transport.post(f"/incidents/{incident}/resolve", body))


class DeadLetters:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(
        self, *, status: Statuses | None = None, queue: str | None = None, incident: int | None = None, limit: int = 50
    ) -> builtins.list[DeadLetter]:
        """The newest first. `status`: new, replayed or discarded."""
        params = {"status": status, "queue": queue, "incident": incident, "limit": limit}
        return cast("builtins.list[DeadLetter]", items_of(await self._transport.get("/dead-letters", params)))

    async def get(self, letter: int) -> DeadLetter:
        return cast(DeadLetter, await self._transport.get(f"/dead-letters/{letter}"))

    async def replay(self, letter: int) -> DeadLetter:
        """Give it back to the queue that refused it. Errors: ApiError 409 when it must not be handled any more."""
        return cast(DeadLetter, await self._transport.post(f"/dead-letters/{letter}/replay"))

    async def discard(self, letter: int) -> DeadLetter:
        return cast(DeadLetter, await self._transport.post(f"/dead-letters/{letter}/discard"))
