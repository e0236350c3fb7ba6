"""Packs and the workflows in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from attune_client.archive import archive, pack_files
from attune_client.models import Execution, Pack, Workflow
from attune_client.transport import Transport, items_of

Executions = list[Execution]
Rows = list[dict[str, Any]]


class Packs:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def register(self, root: Path) -> Pack:
        """Upload the pack at `root` and make its actions, workflows, triggers and rules known.

        Errors: NotAPack; ApiError 422 with every problem of its files.
        """
        return await self.register_archive(archive(pack_files(root)))

    async def register_archive(self, content: bytes) -> Pack:
        """The same from a tar.gz or a zip."""
        headers = {"Content-Type": "application/octet-stream"}
        return cast(Pack, await self._transport.send("POST", "/packs", content=content, headers=headers))

    async def register_url(self, url: str, credential: str = "") -> Pack:
        """The same from a git repository: `git+https://HOST/PATH@REVISION#subdirectory=FOLDER`.

        `credential`: the key of a secret with `{host, username, password}`.
        """
        body = {"url": url, "credential": credential} if credential else {"url": url}
        return cast(Pack, await self._transport.post("/packs", body))

    async def list(self, *, archived: bool = False) -> list[Pack]:
        """`archived`: those too that are kept for their history alone."""
        asked = {"archived": "true" if archived else None}
        return [pack async for pack in self._transport.pages("/packs", asked)]

    async def get(self, ref: str) -> Pack:
        return cast(Pack, await self._transport.get(f"/packs/{quote(ref)}"))

    async def remove(self, ref: str, *, archive: bool = False) -> None:
        """Errors: ApiError 409 with all that uses it, unless it is only archived."""
        await self._transport.send("DELETE", f"/packs/{quote(ref)}", params={"archive": "true" if archive else None})

    async def enable(self, ref: str) -> Pack:
        return cast(Pack, await self._transport.post(f"/packs/{quote(ref)}/enable"))

    async def disable(self, ref: str) -> Pack:
        return cast(Pack, await self._transport.post(f"/packs/{quote(ref)}/disable"))

    async def versions(self, ref: str) -> Rows:
        """Those that are kept; what was registered last comes first."""
        return items_of(await self._transport.get(f"/packs/{quote(ref)}/versions"))

    async def restore(self, ref: str, version: str = "", digest: str = "") -> Pack:
        """Register a kept version again; without a name the one before."""
        body = {"version": version, "digest": digest}
        return cast(Pack, await self._transport.post(f"/packs/{quote(ref)}/restore", body))

    async def configure(self, ref: str, values: dict[str, Any], unset: Sequence[str] = ()) -> Pack:
        """Set some settings, let others go back to what they are unset. Errors: ApiError 422."""
        body = {"set": values, "unset": [*unset]}
        return cast(Pack, await self._transport.send("PATCH", f"/packs/{quote(ref)}/config", json=body))


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
