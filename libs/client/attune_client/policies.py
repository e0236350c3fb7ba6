"""Policies: how many executions of an action may run, how many may start, how often one tries again."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote

from attune_client.transport import Transport

Policy = dict[str, Any]


class Policies:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, action: str | None = None, pack: str | None = None) -> list[Policy]:
        return [policy async for policy in self._transport.pages("/policies", {"action": action, "pack": pack})]

    async def get(self, ref: str) -> Policy:
        """With `lines`: who runs and who waits under it."""
        return cast(Policy, await self._transport.get(f"/policies/{quote(ref)}"))

    async def create(self, policy: Policy) -> Policy:
        return cast(Policy, await self._transport.post("/policies", policy))

    async def change(self, ref: str, changed: Policy) -> Policy:
        """What is absent stays."""
        return cast(Policy, await self._transport.send("PUT", f"/policies/{quote(ref)}", json=changed))

    async def delete(self, ref: str) -> None:
        await self._transport.send("DELETE", f"/policies/{quote(ref)}")
