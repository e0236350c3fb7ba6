"""The platforms that are measured, each over a PostgreSQL and a RabbitMQ of its own: the services, `attune dev`."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.rabbitmq_node import PrivateNode, local_program

from attune_cli.demo.children import Children
from attune_cli.demo.host import free_port
from attune_cli.demo.platform import clean_environment, dev_platform, make_token, until_ready
from attune_cli.servers import migrate_database
from attune_client import AsyncAttune
from attune_client.discovery import Address
from attune_common.store.embedded.cluster import EmbeddedPostgres

QUIET = {"ATTUNE_LOG_LEVEL": "warning", "ATTUNE_LIMITS__BACKLOG": "1000000"}


@dataclass(frozen=True, slots=True)
class Servers:
    """URLs of a PostgreSQL (fsync on) and a RabbitMQ that only this run uses."""

    database: str
    amqp: str


@dataclass(frozen=True, slots=True)
class Platform:
    """`names` tells processes by pid; `servers` is None where the platform keeps its own."""

    attune: AsyncAttune
    names: Mapping[int, str]
    servers: Servers | None = None


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """A folder for a platform's data that its PostgreSQL may look into, whoever that runs as."""
    with tempfile.TemporaryDirectory(prefix="attune-bench-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextlib.asynccontextmanager
async def own_servers(folder: Path) -> AsyncIterator[Servers]:
    program = local_program()
    if program is None:
        raise SystemExit("bench: there is no rabbitmq-server on this machine; `--target dev` needs none")
    home = folder / "postgres"
    home.mkdir(parents=True)
    database, broker = EmbeddedPostgres(home), PrivateNode(program)
    try:
        dsn, _ = await asyncio.gather(asyncio.to_thread(database.start), asyncio.to_thread(broker.start))
        yield Servers(dsn, broker.amqp)
    finally:
        broker.remove()
        database.stop()


@contextlib.asynccontextmanager
async def services(folder: Path, executors: int, workers: int) -> AsyncIterator[Platform]:
    """One api, a notifier, and so many executors and workers."""
    async with own_servers(folder) as servers, Children(folder) as children:
        await migrate_database(servers.database)
        address, names = await _start(children, folder, servers, (executors, workers))
        await until_ready(address, children)
        async with AsyncAttune.at(address) as attune:
            yield Platform(attune, names, servers)


@contextlib.asynccontextmanager
async def dev(folder: Path) -> AsyncIterator[Platform]:
    async with dev_platform(folder, QUIET) as become_ready, AsyncAttune.at(await become_ready()) as attune:
        yield Platform(attune, dict.fromkeys(_children_of_ours(), "dev"))


async def _start(
    children: Children, folder: Path, servers: Servers, count: tuple[int, int]
) -> tuple[Address, dict[int, str]]:
    """Where the API is, and the processes' names by pid: executors count together, and so do workers."""
    ports, admin, worker = (free_port(), free_port()), make_token(), make_token()
    address = Address(f"http://127.0.0.1:{ports[0]}", admin, "the bench")
    shared = clean_environment() | QUIET | {
        "ATTUNE_DATABASE_URL": servers.database,
        "ATTUNE_AMQP_URL": servers.amqp,
        "ATTUNE_API_URL": address.url,
        "ATTUNE_API_PORT": str(ports[0]),
        "ATTUNE_NOTIFIER_PORT": str(ports[1]),
        "ATTUNE_NOTIFIER_URL": f"http://127.0.0.1:{ports[1]}",
    }  # fmt: skip
    tokens = {"ATTUNE_BOOTSTRAP_ADMIN_TOKEN": admin, "ATTUNE_BOOTSTRAP_WORKER_TOKEN": worker}
    own = {f"worker-{n}": {"ATTUNE_API_TOKEN": worker, "ATTUNE_DATA_DIR": str(folder / f"worker-{n}")}
           for n in range(count[1])}  # fmt: skip
    parts = {"api": tokens, "notifier": {}, **{f"executor-{n}": {} for n in range(count[0])}, **own}
    started = [await children.attune(name, _command(name), shared | more) for name, more in parts.items()]
    return address, {child.process.pid: child.name.partition("-")[0] for child in started}


def _command(name: str) -> list[str]:
    part = name.partition("-")[0]
    return [part, "--name", name] if part == "worker" else [part]


def _children_of_ours() -> list[int]:
    return [int(pid) for each in Path("/proc/self/task").glob("*/children") for pid in each.read_text().split()]
