"""The real API over HTTP and PostgreSQL, packs with sensors, and sensor services in this process or their own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx2
from tests.support.waiting import until

from attune_api.app import create_app
from attune_api.packfiles.archives import canonical
from attune_api.server import Api
from attune_common.bus.memory import MemoryBus
from attune_common.runtime.settings import Settings
from attune_common.store.connection import Row
from attune_common.store.store import Store
from attune_common.vault.keyring import new_key
from attune_sensor.app import SensorService

ADMIN = "att_test-admin_" + "a" * 32
WORKER = "att_test-worker_" + "w" * 32
QUICK = {"sensor_lease_seconds": 10.0, "sensor_heartbeat_seconds": 0.8}

MANIFEST = """
ref: watch
label: Watching
version: 1.0.0
config:
  place: {type: string, default: north}
"""
SEEN = "ref: watch.seen\npayload: {n: {type: integer}, pid: {type: integer}, place: {type: string}}\n"


class World:
    """`start` it, `register` packs, start services with `service` or `process`."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.folder = folder
        keys = {"master_keys": new_key("test").line}
        self.settings = self._settings(database_url, "nowhere", 0).model_copy(update=keys)
        self.store = Store(self.settings, source="attune/test")
        self._bus = MemoryBus()
        self._api: Api | None = None
        self._services: list[SensorService] = []
        self._processes: list[asyncio.subprocess.Process] = []

    def _settings(self, database_url: str, name: str, port: int) -> Settings:
        return Settings(
            database_url=database_url,
            data_dir=self.folder / "data",
            api_url=f"http://127.0.0.1:{port}",
            api_token=WORKER,
            bootstrap_admin_token=ADMIN,
            bootstrap_worker_token=WORKER,
            sensor_name=name,
            **QUICK,
        )

    async def start(self) -> None:
        self.folder.chmod(0o755)
        await self.store.open()
        await self._bus.start()
        await self.open_api()

    async def open_api(self, port: int = 0) -> None:
        app = create_app(self.store, self._bus, self.settings)
        self._api = Api(app, "127.0.0.1", port)
        await self._api.start()
        await until(lambda: app.state.context.prepared, 30, "the API to be prepared")

    async def close_api(self) -> int:
        """Its port, to open it there again."""
        assert self._api is not None
        port = self._api.port
        await self._api.stop(1)
        return port

    async def close(self) -> None:
        for service in self._services:
            await service.stop(2)
        for process in self._processes:
            if process.returncode is None:
                process.kill()
                await process.wait()
        await self.close_api()
        await self._bus.stop()
        await self.store.close()

    async def ask(self, method: str, path: str, **content: Any) -> Any:
        assert self._api is not None
        headers = {"Authorization": f"Bearer {ADMIN}", **content.pop("headers", {})}
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self._api.port}/api/v1", timeout=20) as client:
            answer = await client.request(method, path, headers=headers, **content)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def register(self, files: dict[str, str]) -> None:
        """A pack `watch` with these files and the trigger `watch.seen`."""
        whole = {"pack.yaml": MANIFEST, "triggers/seen.yaml": SEEN} | files
        body = canonical({path: dedent(text).encode() for path, text in whole.items()})
        await self.ask("POST", "/packs", content=body, headers={"Content-Type": "application/gzip"})

    async def service(self, name: str) -> SensorService:
        assert self._api is not None
        service = SensorService(self._settings(self.settings.database_url, name, self._api.port))
        await service.start()
        self._services.append(service)
        return service

    async def stop_service(self) -> None:
        """The service that was started first stops in peace."""
        await self._services.pop(0).stop(5)

    async def process(self, name: str) -> asyncio.subprocess.Process:
        """A service in a process of its own, as `attune sensor-service` runs it."""
        assert self._api is not None
        variables = {
            "ATTUNE_API_URL": f"http://127.0.0.1:{self._api.port}",
            "ATTUNE_API_TOKEN": WORKER,
            "ATTUNE_DATA_DIR": str(self.folder / name),
            "ATTUNE_SENSOR_NAME": name,
            "ATTUNE_LOG_LEVEL": "warning",
            **{f"ATTUNE_{key.upper()}": str(value) for key, value in QUICK.items()},
        }
        arguments = [sys.executable, "-m", "attune_cli", "sensor-service"]
        process = await asyncio.create_subprocess_exec(*arguments, env={**os.environ, **variables})
        self._processes.append(process)
        return process

    async def events(self) -> list[Row]:
        async with self.store.connection() as connection:
            return await connection.fetch(
                "SELECT id, trigger_ref, payload, source, dedup_key FROM attune.event ORDER BY id"
            )

    async def payloads(self, count: int, deadline: float = 20) -> list[Any]:
        async def enough() -> list[Any] | None:
            found = [row["payload"] for row in await self.events()]
            return found if len(found) >= count else None

        found: list[Any] = await until(enough, deadline, f"{count} events")
        return found

    async def sensor(self, ref: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.ask("GET", f"/sensors/{ref}")
        return found

    async def reaches(self, ref: str, status: str, deadline: float = 20) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            found = await self.sensor(ref)
            return found if found["status"] == status else None

        try:
            found: dict[str, Any] = await until(look, deadline, f"{ref} to be {status}")
        except TimeoutError as late:
            raise AssertionError(f"{late}; {await self.sensor(ref)}\n{await self.lines(ref)}") from late
        return found

    async def lines(self, ref: str) -> list[str]:
        found = await self.ask("GET", f"/sensors/{ref}/logs?limit=200")
        return [f"{entry['stream']}: {entry['line']}" for entry in found["items"]]

    async def says(self, ref: str, text: str, deadline: float = 20) -> list[str]:
        async def look() -> list[str] | None:
            found = await self.lines(ref)
            return found if any(text in line for line in found) else None

        found: list[str] = await until(look, deadline, f"{ref} to say {text!r}")
        return found


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as stream:
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


KILL = signal.SIGKILL
