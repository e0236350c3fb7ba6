"""Packs and the workflows in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from attune_client.archive import archive, pack_files
from attune_client.models import Execution, Pack, Workflow
from attune_client.transport import Transport, items_of

Executions = list[Execution]


class Packs:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def register(self, root: Path) -> Pack:
        """Upload the pack at `root` and make its actions, workflows, triggers and rules known.

        Errors: NotAPack; ApiError 422 with every problem of its files.
        """
        content = archive(pack_files(root))
        headers = {"Content-Type": "application/gzip"}
        return cast(Pack, await self._transport.send("POST", "/packs", content=content, headers=headers))

    async def list(self) -> list[Pack]:
        return [pack async for pack in self._transport.pages("/packs")]

    async def get(self, ref: str) -> Pack:
        return cast(Pack, await self._transport.get(f"/packs/{quote(ref)}"))

    async def remove(self, ref: str) -> None:
        await self._transport.send("DELETE", f"/packs/{quote(ref)}")


class Workflows:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, pack: str | None = None) -> list[Workflow]:
        """Those of one pack, or of all packs."""
        packs = [pack] if pack else [str(each["ref"]) async for each in self._transport.pages("/packs")]
        return [workflow for ref in packs async for workflow in self._transport.pages(f"/packs/{quote(ref)}/workflows")]

    async def get(self, ref: str) -> Workflow:
        return cast(Workflow, await self._transport.get(f"/workflows/{quote(ref)}"))

    async def create(self, pack: str, source: str) -> Workflow:
        """Add a workflow to a pack from its YAML text."""
        return await self._write("POST", f"/packs/{quote(pack)}/workflows", source)

    async def update(self, ref: str, source: str) -> Workflow:
        return await self._write("PUT", f"/workflows/{quote(ref)}", source)

    async def remove(self, ref: str) -> None:
        await self._transport.send("DELETE", f"/workflows/{quote(ref)}")

    async def execute(self, ref: str, parameters: dict[str, Any] | None = None) -> Execution:
        """Start it; the execution is stored when this returns."""
        body = {"parameters": parameters or {}}
        return cast(Execution, await self._transport.post(f"/workflows/{quote(ref)}/execute", body))

    async def executions(self, ref: str, limit: int = 50) -> Executions:
        page = await self._transport.get(f"/workflows/{quote(ref)}/executions", {"limit": limit})
        return cast(Executions, items_of(page))

    async def _write(self, method: str, path: str, source: str) -> Workflow:
        headers = {"Content-Type": "application/yaml"}
        return cast(Workflow, await self._transport.send(method, path, content=source.encode(), headers=headers))
