"""One demonstration from start to end; everything it started is stopped when it is over, however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import signal
import tempfile
import time
from pathlib import Path

from rich.console import Console

from attune_cli.demo.platform import dev_platform
from attune_cli.demo.services import services_platform
from attune_client import AsyncAttune
from attune_core.errors import AttuneError

SECRET_NAME = "ATTUNE_DEPLOY_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable


def demonstrate(screen: Console, *, services: bool) -> None:
    """Errors: NotAsExpected and whatever kept the platform from starting. KeyboardInterrupt on signals."""
    folder = Path(tempfile.mkdtemp(prefix="attune-demo-"))
    folder.chmod(0o711)
    try:
        asyncio.run(_interruptible(screen, folder, services=services))
    except AttuneError:
        screen.print(f"\nlogs are kept in {folder}", style="dim", markup=False)
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


async def _interruptible(screen: Console, folder: Path, *, services: bool) -> None:
    """SIGTERM ends it as Ctrl-C does: in order."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    if task is not None:
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        await _demonstrate(screen, folder, services=services)
    except asyncio.CancelledError as problem:
        raise KeyboardInterrupt from problem


async def _demonstrate(screen: Console, folder: Path, *, services: bool) -> None:
    from attune_common.runtime import resources

    secret = secrets.token_hex(16)
    start = services_platform if services else dev_platform
    form = "the services apart, PostgreSQL and RabbitMQ" if services else "`attune dev`, all in one process"
    screen.print(f"Starting {form} …", markup=False)
    began = time.monotonic()
    async with start(folder, {SECRET_NAME: secret}) as become_ready:
        from attune_cli.demo.site import open_site  # loads a web server, while the platform starts
        from attune_cli.demo.story import Stage, tell

        async with open_site() as site:
            address = await become_ready()
            screen.print(f"  ready after {time.monotonic() - began:.1f} s at {address.url}", markup=False)
            began = time.monotonic()
            async with AsyncAttune.at(address) as attune:
                pack = resources.path("packs/examples/deploy")
                await tell(Stage(attune, site, screen, secret, pack))
        seconds = time.monotonic() - began
    screen.print(f"\nBoth releases ended as they should, {seconds:.1f} s in all.", style="bold green")
