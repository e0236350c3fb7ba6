"""One `attune dev` from start to Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attune_cli.dev.home import is_announced_at
from attune_cli.dev.packs import PackWatcher
from attune_cli.dev.platform import DevPlatform
from attune_cli.output import say
from attune_cli.problems import report
from attune_cli.settings import load_settings
from attune_client import AsyncAttune
from attune_client.discovery import Address
from attune_client.errors import ApiUnreachable
from attune_common.runtime import logging
from attune_common.runtime.lifecycle import run_service


def serve(folder: Path, host: str, port: int | None, packs: Sequence[Path], overrides: dict[str, Any]) -> None:
    """Run until SIGINT or SIGTERM. Errors: AlreadyRunning, EmbeddedError, MigrationError, OSError."""
    logging.configure(load_settings(**overrides), "attune-dev")
    platform = DevPlatform(folder, host, port, overrides)
    run_service(lambda stopping: _main(platform, packs, stopping))


async def _main(platform: DevPlatform, packs: Sequence[Path], stopping: asyncio.Event) -> None:
    say("starting …")
    try:
        starting = asyncio.create_task(platform.start())
        if not await _unless_stopped(starting, stopping):
            return
        async with AsyncAttune.at(Address(platform.url, platform.token, "attune dev")) as attune:
            await _work(attune, platform, packs, stopping)
    finally:
        await platform.stop()


async def _unless_stopped(work: asyncio.Task[None], stopping: asyncio.Event) -> bool:
    """Wait for `work`; give it up and say False when stopping is asked for before it is done."""
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if work.done():
        await work
        return True
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    return False


async def _work(attune: AsyncAttune, platform: DevPlatform, packs: Sequence[Path], stopping: asyncio.Event) -> None:
    watcher = PackWatcher(attune, packs, say, report)
    if not await until_ready(attune, stopping):
        return
    await watcher.register_changed()
    say(banner(platform.url, platform.folder, embedded=platform.database.embedded, packs=bool(packs)))
    watching = asyncio.create_task(watcher.run())
    try:
        await stopping.wait()
        say("stopping …")
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def until_ready(attune: AsyncAttune, stopping: asyncio.Event) -> bool:
    """Wait until the API has put its tokens and the core pack in place; False when stopping comes before. On a machine
    with much to do the API may take longer than it should: it is asked again."""
    while not stopping.is_set():
        with contextlib.suppress(ApiUnreachable):
            if (await attune.ready())["ready"]:
                return True
        await asyncio.sleep(0.05)
    return False


def banner(url: str, folder: Path, *, embedded: bool, packs: bool) -> str:
    """Where it is, and what to do first."""
    database = "embedded PostgreSQL" if embedded else "the database of ATTUNE_DATABASE_URL"
    lines = [
        f"Attune is ready at {url}  (OpenAPI: {url}/api/v1/openapi.json)",
        f"data: {database}; Ctrl-C stops it",
        "",
    ]
    lines.append("In another terminal:")
    if not is_announced_at(url):
        lines.append(f"  export ATTUNE_DATA_DIR={folder}")
    if not packs:
        lines.append("  attune pack register path/to/pack")
    lines += ["  attune workflow list", "  attune workflow run <ref> --watch", "  attune execution list"]
    return "\n".join(lines)
