"""The services apart, as many processes over PostgreSQL and RabbitMQ, for `attune demo --services`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from attune_cli.demo.children import Children
from attune_cli.demo.host import free_port
from attune_cli.demo.platform import BecomeReady, clean_environment, make_token, until_ready
from attune_client.discovery import Address

DEFAULT_DATABASE_URL = "postgresql://postgres@127.0.0.1:5432/attune"
DEFAULT_AMQP_URL = "amqp://guest:guest@127.0.0.1:5672/"
EXECUTORS = 2
WORKERS = 2


@contextlib.asynccontextmanager
async def services_platform(folder: Path, extra: dict[str, str]) -> AsyncIterator[BecomeReady]:
    """An api, two executors, two workers and a notifier. `extra` goes into their environment."""
    name = f"attune_demo_{secrets.token_hex(4)}"
    async with (
        _broker(name) as amqp,
        _database(name) as database,
        _services(folder, database, amqp, extra) as become_ready,
    ):
        yield become_ready


@contextlib.asynccontextmanager
async def _services(folder: Path, database: str, amqp: str, extra: dict[str, str]) -> AsyncIterator[BecomeReady]:
    ports = {name: free_port() for name in ("api", "notifier")}
    admin, worker = make_token(), make_token()
    address = Address(f"http://127.0.0.1:{ports['api']}", admin, "the demonstration")
    shared = {
        "ATTUNE_DATABASE_URL": database,
        "ATTUNE_AMQP_URL": amqp,
        "ATTUNE_API_URL": address.url,
        "ATTUNE_API_PORT": str(ports["api"]),
        "ATTUNE_NOTIFIER_PORT": str(ports["notifier"]),
        "ATTUNE_NOTIFIER_URL": f"http://127.0.0.1:{ports['notifier']}",
        "ATTUNE_EGRESS": "any",
    }
    environment = clean_environment() | shared | extra
    async with Children(folder) as children:
        await _start(children, folder, environment, (admin, worker))

        async def become_ready() -> Address:
            await until_ready(address, children)
            return address

        yield become_ready


async def _start(children: Children, folder: Path, environment: dict[str, str], made: tuple[str, str]) -> None:
    admin, worker = made
    tokens = {"ATTUNE_BOOTSTRAP_ADMIN_TOKEN": admin, "ATTUNE_BOOTSTRAP_WORKER_TOKEN": worker}
    await children.attune("api", ["api"], environment | tokens)
    await children.attune("notifier", ["notifier"], environment)
    for number in range(1, EXECUTORS + 1):
        await children.attune(f"executor-{number}", ["executor"], environment)
    for number in range(1, WORKERS + 1):
        name = f"worker-{number}"
        own = {"ATTUNE_API_TOKEN": worker, "ATTUNE_DATA_DIR": str(folder / name)}
        await children.attune(name, ["worker", "--name", name], environment | own)


@contextlib.asynccontextmanager
async def _database(name: str) -> AsyncIterator[str]:
    """A migrated database on the server of ATTUNE_DATABASE_URL, removed at the end."""
    from attune_cli.servers import migrate_database
    from attune_common.store.migrate import drop_database

    given = urlsplit(os.environ.get("ATTUNE_DATABASE_URL") or DEFAULT_DATABASE_URL)
    url = urlunsplit(given._replace(path=f"/{name}"))
    await migrate_database(url)
    try:
        yield url
    finally:
        await drop_database(url)


@contextlib.asynccontextmanager
async def _broker(name: str) -> AsyncIterator[str]:
    """A virtual host of our own where the broker lets us make one, else the one that was given."""
    from attune_cli.servers import check_broker

    given = os.environ.get("ATTUNE_AMQP_URL") or DEFAULT_AMQP_URL
    await check_broker(given)
    parts = urlsplit(given)
    tool = shutil.which("rabbitmqctl") if _is_plain_local(parts) else None
    if tool is None or not await _make_vhost(tool, name, parts.username or "guest"):
        yield given
        return
    try:
        yield urlunsplit(parts._replace(path=f"/{quote(name, safe='')}"))
    finally:
        await _quiet(tool, "delete_vhost", name)


def _is_plain_local(parts: SplitResult) -> bool:
    """Whether the broker's own tool, used without arguments, speaks to the broker of the URL."""
    local = (parts.hostname or "127.0.0.1") in ("127.0.0.1", "localhost", "::1")
    return local and parts.port in (None, 5672) and parts.path in ("", "/", "/%2F", "/%2f")


async def _make_vhost(tool: str, name: str, user: str) -> bool:
    """Whether the tool may be used, and did it."""
    made = await _quiet(tool, "add_vhost", name)
    return made and await _quiet(tool, "set_permissions", "-p", name, user, ".*", ".*", ".*")


async def _quiet(*command: str) -> bool:
    nothing = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdin=nothing, stdout=nothing, stderr=nothing)
    try:
        return await asyncio.wait_for(process.wait(), 30) == 0
    except TimeoutError:
        process.kill()
        return False
