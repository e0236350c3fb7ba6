"""One platform in one process: its data directory, its database and its services, started and stopped in order."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from attune_cli.dev.database import Database
from attune_cli.dev.home import Home
from attune_cli.serving import open_socket, port_of
from attune_cli.settings import load_settings
from attune_common.runtime import logging
from attune_common.runtime.settings import Settings

_QUICK = {"heartbeat_seconds": 2.0, "dispatch_lost_seconds": 3.0}
"""One process takes part: what it sends need not be waited for as long as between hosts. Leases are as long as there:
what it held when it was killed is taken over at its next start, and a machine that stalls for seconds is no loss."""
_KEYS = ("ATTUNE_MASTER_KEY_FILE", "ATTUNE_MASTER_KEYS")
_log = logging.get("attune.dev")


class DevPlatform:
    """Parts are started one after the other and stopped in the reverse order."""

    def __init__(self, folder: Path, host: str, port: int | None, overrides: dict[str, Any]) -> None:
        self._home = Home(folder)
        self._place = host, port
        self._overrides = overrides
        self._stops: list[Callable[[], Awaitable[None]]] = []
        self.folder = folder
        self.database = Database(folder)
        self.url = ""
        self.token = ""

    async def start(self) -> None:
        """Errors: AlreadyRunning, EmbeddedError, MigrationError, OSError."""
        self._home.open()
        self._later(self._close_home)
        listening = open_socket(*self._place)
        self.url = f"http://{_shown(self._place[0])}:{port_of(listening)}"
        try:
            start_services = await self._start_database()
        except BaseException:
            listening.close()
            raise
        await start_services(self._settings(), listening, self._later)
        self._home.announce(self.url)

    async def stop(self) -> None:
        """Every part is stopped, whatever happens to another."""
        while self._stops:
            try:
                await self._stops.pop()()
            except Exception as problem:
                _log.warning("a part did not stop as it should", error=repr(problem))

    async def _start_database(self) -> Callable[..., Awaitable[None]]:
        """While PostgreSQL starts in processes of its own, this one loads the services."""
        self._later(self.database.stop)
        starting = asyncio.create_task(self.database.start())
        await asyncio.sleep(0.05)
        from attune_cli.dev.services import start_services

        await starting
        return start_services

    def _settings(self) -> Settings:
        self.token = self._home.token("token")
        worker = self._home.token("worker-token")
        quick = {name: value for name, value in _QUICK.items() if f"ATTUNE_{name.upper()}" not in os.environ}
        given: dict[str, Any] = {**quick, **self._overrides}
        if not any(os.environ.get(name) for name in _KEYS):
            given["master_key_file"] = self._home.master_keys()
        return load_settings(
            **given,
            data_dir=self._home.folder,
            database_url=self.database.url,
            amqp_url="memory://",
            api_url=self.url,
            api_token=worker,
            bootstrap_admin_token=self.token,
            bootstrap_worker_token=worker,
            allow_local_paths=True,
        )

    async def _close_home(self) -> None:
        self._home.close()

    def _later(self, stop: Callable[[], Awaitable[None]]) -> None:
        self._stops.append(stop)


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
