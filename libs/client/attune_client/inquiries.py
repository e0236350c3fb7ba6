"""Questions to people."""

from __future__ import annotations

import builtins
from typing import Any, cast

from attune_client.models import Inquiry, Statuses
from attune_client.transport import Transport, items_of


class Inquiries:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(
        self,
        *,
        status: Statuses | None = None,
        execution: int | None = None,
        mine: bool = False,
        limit: int = 50,
    ) -> builtins.list[Inquiry]:
        """The newest first. `mine`: those that the caller is asked, by login or by role."""
        params = {"status": status, "execution": execution, "mine": "true" if mine else None, "limit": limit}
        return cast("builtins.list[Inquiry]", items_of(await self._transport.get("/inquiries", params)))

    async def get(self, inquiry: int) -> Inquiry:
        return cast(Inquiry, await self._transport.get(f"/inquiries/{inquiry}"))

    async def respond(self, inquiry: int, response: Any) -> Inquiry:
        """Answer it. Errors: ApiError 403 when others are asked, 409 answered, 410 closed, 422 by its schema."""
        return cast(Inquiry, await self._transport.post(f"/inquiries/{inquiry}/respond", {"response": response}))
