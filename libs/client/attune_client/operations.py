"""The platform itself: workers, limits, many at once; and a door to whatever has no method of its own."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote

from attune_client.transport import Transport

Filter = dict[str, Any]


class Platform:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def workers(self, pool: str | None = None) -> list[dict[str, Any]]:
        return [worker async for worker in self._transport.pages("/workers", {"pool": pool})]

    async def limits(self) -> dict[str, int]:
        return cast("dict[str, int]", await self._transport.get("/limits"))

    async def actions(self, pack: str | None = None) -> list[dict[str, Any]]:
        return [action async for action in self._transport.pages("/actions", {"pack": pack})]

    async def action(self, ref: str) -> dict[str, Any]:
        return cast("dict[str, Any]", await self._transport.get(f"/actions/{quote(ref)}"))

    async def workflows(self) -> list[dict[str, Any]]:
        return [workflow async for workflow in self._transport.pages("/workflows")]

    async def queues(self) -> list[dict[str, Any]]:
        """What waits in the shared queues, and for how many consumers."""
        return cast("list[dict[str, Any]]", (await self._transport.get("/queues"))["items"])

    async def document(self) -> dict[str, Any]:
        """The OpenAPI document."""
        return cast("dict[str, Any]", await self._transport.get("/openapi.json"))

    async def emit_many(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """A verdict for each of up to 500 events."""
        answer = await self._transport.post("/events/batch", {"events": events})
        return cast("list[dict[str, Any]]", answer["items"])

    async def cancel_many(self, chosen: Filter, *, limit: int = 200, dry_run: bool = False) -> dict[str, Any]:
        """Cancel executions by a filter; see `POST /executions/cancel`."""
        body = {"filter": chosen, "limit": limit, "dry_run": dry_run}
        return cast("dict[str, Any]", await self._transport.post("/executions/cancel", body))

    async def cancel_runs(self, chosen: Filter, *, limit: int = 200, dry_run: bool = False) -> dict[str, Any]:
        """The same for workflow executions."""
        body = {"filter": chosen, "limit": limit, "dry_run": dry_run}
        return cast("dict[str, Any]", await self._transport.post("/workflow-executions/cancel", body))

    async def retry_runs(
        self, chosen: Filter, *, limit: int = 200, dry_run: bool = False, reset_items: bool = True
    ) -> dict[str, Any]:
        """Retry workflow executions by a filter."""
        body = {"filter": chosen, "limit": limit, "dry_run": dry_run, "reset_items": reset_items}
        return cast("dict[str, Any]", await self._transport.post("/workflow-executions/retry", body))

    async def grants(self, login: str) -> list[dict[str, Any]]:
        """The roles of an identity on packs."""
        return [grant async for grant in self._transport.pages(f"/identities/{quote(login)}/grants")]

    async def set_config(self, pack: str, config: dict[str, Any]) -> dict[str, Any]:
        """A pack's whole configuration."""
        body = {"config": config}
        return cast("dict[str, Any]", await self._transport.send("PUT", f"/packs/{quote(pack)}/config", json=body))
