"""Sensors: what watches the outside world, and how it fares."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote

from attune_client.transport import Transport, items_of


class Sensors:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def all(self, pack: str | None = None) -> list[dict[str, Any]]:
        return [sensor async for sensor in self._transport.pages("/sensors", {"pack": pack})]

    async def get(self, ref: str) -> dict[str, Any]:
        """One sensor. Errors: ApiError 404."""
        return cast("dict[str, Any]", await self._transport.get(f"/sensors/{quote(ref)}"))

    async def logs(self, ref: str, limit: int = 100, after: int | None = None) -> list[dict[str, Any]]:
        """The last lines that it printed, or those after a `seq`; oldest first."""
        asked = {"limit": limit, "after": after}
        return cast("list[dict[str, Any]]", items_of(await self._transport.get(f"/sensors/{quote(ref)}/logs", asked)))

    async def restart(self, ref: str) -> dict[str, Any]:
        """Have it started anew, by whoever runs it."""
        return cast("dict[str, Any]", await self._transport.post(f"/sensors/{quote(ref)}/restart"))
