"""The host agent: keeps archives, runs one release of each application, remembers the former one.

It stands for what a deployment usually talks to (a container registry and an orchestrator) and does the same
work on one machine: an action asks over HTTP, the agent owns the processes, so a release outlives the action
that started it.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attune_cli.demo.archive import unpack
from attune_cli.demo.release import Release


class Refused(Exception):
    """The request cannot be done; `status` is the HTTP status to answer with."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Application:
    """`port` stays the same for all releases. `current` serves, `former` is what a rollback brings back."""

    name: str
    port: int
    current: Release | None = None
    former: Release | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class HostAgent:
    """`folder` takes the archives and the unpacked releases; it may be deleted after `close`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._applications: dict[str, Application] = {}
        (folder / "archives").mkdir(parents=True, exist_ok=True)

    def reserve(self, name: str) -> Application:
        """The application of this name, made with a free port when it is new."""
        if name not in self._applications:
            self._applications[name] = Application(name, free_port())
        return self._applications[name]

    def find(self, name: str) -> Application:
        if name not in self._applications:
            raise Refused(404, f"there is no application {name}")
        return self._applications[name]

    def keep(self, checksum: str, data: bytes) -> None:
        """Store an archive under its SHA-256. Errors: Refused 422 when the content has another checksum."""
        if hashlib.sha256(data).hexdigest() != checksum:
            raise Refused(422, "the content does not have this checksum")
        self._archive(checksum).write_bytes(data)

    def forget(self, checksum: str) -> bool:
        """Delete an archive; False when it was not there."""
        path = self._archive(checksum)
        existed = path.exists()
        path.unlink(missing_ok=True)
        return existed

    async def release(self, name: str, version: str, checksum: str) -> Application:
        """Let `version` serve from the archive. Asking twice is asking once."""
        application = self.find(name)
        async with application.lock:
            current = application.current
            if current and current.checksum == checksum and current.running:
                return application
            wanted = self._unpacked(name, version, checksum)
            if current:
                await current.stop()
            application.former, application.current = current, wanted
            await wanted.start(application.port)
        return application

    async def roll_back(self, name: str, away_from: str) -> Application:
        """Stop `away_from` and bring the former release back. Nothing happens when something else serves."""
        application = self.find(name)
        async with application.lock:
            current = application.current
            if current and current.version == away_from:
                await current.stop()
                application.current, application.former = application.former, None
                if application.current:
                    await application.current.start(application.port)
        return application

    async def close(self) -> None:
        releases = [
            release for each in self._applications.values() for release in (each.current, each.former) if release
        ]
        await asyncio.gather(*(release.stop() for release in releases))

    def _archive(self, checksum: str) -> Path:
        if not (len(checksum) == 64 and checksum.isalnum()):
            raise Refused(422, "a checksum is 64 hexadecimal digits")
        return self._folder / "archives" / f"{checksum}.tar.gz"

    def _unpacked(self, name: str, version: str, checksum: str) -> Release:
        path = self._archive(checksum)
        if not path.exists():
            raise Refused(404, f"there is no archive {checksum}")
        root = self._folder / "releases" / checksum
        if not root.exists():
            root.mkdir(parents=True)
            unpack(path.read_bytes(), root)
        return Release(version, checksum, root)


async def describe(application: Application) -> dict[str, Any]:
    """What the agent tells of an application. `state`: none, starting, ready, exited."""
    current = application.current
    return {
        "name": application.name,
        "url": application.url,
        "serving": current.version if current and current.running else None,
        "checksum": current.checksum if current else None,
        "former": application.former.version if application.former else None,
        "state": await _state(application),
    }


async def _state(application: Application) -> str:
    if application.current is None:
        return "none"
    if not application.current.running:
        return "exited"
    return "ready" if await _listens(application.port) else "starting"


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 1)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
