"""The audit trail: who did what, and whether it is whole."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator
from typing import Any, cast

from attune_client.models import AuditEntry, Verified
from attune_client.transport import Transport, items_of


class Audit:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, *, limit: int = 50, **wanted: Any) -> builtins.list[AuditEntry]:
        """The newest first. `wanted`: login, action (one, or all of `secret`), subject, outcome, since, until."""
        answer = await self._transport.get("/audit", {**wanted, "limit": limit})
        return cast("builtins.list[AuditEntry]", items_of(answer))

    async def verify(self, position: int | None = None, hash: str | None = None) -> Verified:
        """Is it whole? `position` and `hash`: an entry that was seen before and must still be the same."""
        answer = await self._transport.get("/audit/verify", {"position": position, "hash": hash})
        return cast(Verified, answer)

    async def export(self, after: int = 0) -> AsyncIterator[str]:
        """Every entry above a position as a line of JSON, in the order of the chain."""
        async for line in self._transport.lines("/audit/export", {"after": after}):
            yield line
