"""The database of `attune dev`: the one that ATTUNE_DATABASE_URL names, else an embedded one."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from attune_cli.servers import migrate_database
from attune_common.store.embedded.cluster import EmbeddedPostgres


class Database:
    """`embedded` tells which; `url` is known after `start`."""

    def __init__(self, folder: Path) -> None:
        self._given = os.environ.get("ATTUNE_DATABASE_URL", "")
        self._server = None if self._given else EmbeddedPostgres(folder)
        self.url = self._given
        self._starting: asyncio.Task[str] | None = None

    @property
    def embedded(self) -> bool:
        return self._server is not None

    async def start(self) -> None:
        """Running and with this version's schema. Errors: EmbeddedError and those of `migrate_database`."""
        if self._server is not None:
            self._starting = asyncio.create_task(asyncio.to_thread(self._server.start))
            self.url = await asyncio.shield(self._starting)
        await migrate_database(self.url)

    async def stop(self) -> None:
        """A start that was given up is waited for: it cannot be stopped half way."""
        if self._starting is not None:
            await asyncio.wait([self._starting])
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)
