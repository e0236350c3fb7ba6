"""The servers of a chaos run: a RabbitMQ node and a PostgreSQL cluster of its own, to be hurt at will."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import re
import signal
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import asyncpg

from attune_common.store.embedded import process
from attune_common.store.embedded.cluster import EmbeddedPostgres
from attune_common.store.embedded.place import settle
from attune_common.store.migrate import migrate
from tests.support.rabbitmq_node import PrivateNode, local_program
from tests.support.servers import free_ports, missing

_VHOST = "chaos"
_REFUSED = re.compile(r"final state of \w+ \d+ cannot change from \w+ to \w+")
_ROUNDS = 5
_BOUND = 60.0
_OCCUPIER = {"application_name": "occupier"}
_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND application_name <> 'occupier'
"""
_OPTIONS = {"listen_addresses": "127.0.0.1", "max_connections": "150", "log_lock_waits": "on"}


class BrokerServer:
    """RabbitMQ with a virtual host for the run."""

    def __init__(self) -> None:
        program = local_program()
        if program is None:
            missing("rabbitmq", "install rabbitmq-server")
        self._node = PrivateNode(program)
        self.amqp = f"{self._node.amqp}/{_VHOST}"
        self.port = self._node.port

    async def start(self) -> None:
        await self.boot()
        await self.make_vhost()

    async def boot(self) -> None:
        """Return when it takes clients."""
        await asyncio.to_thread(self._node.start)

    async def make_vhost(self) -> None:
        await asyncio.to_thread(self._call, "PUT", f"/vhosts/{_VHOST}")

    async def forget_vhost(self) -> None:
        await asyncio.to_thread(self._call, "DELETE", f"/vhosts/{_VHOST}")

    async def kill(self) -> None:
        await asyncio.to_thread(self._node.kill)

    def freeze(self) -> None:
        self._node.freeze()

    def thaw(self) -> None:
        self._node.thaw()

    async def queues(self) -> dict[str, int]:
        """Messages by durable queue of work; the live log is a stream, which cannot be purged. Errors: OSError."""
        found = await asyncio.to_thread(self._call, "GET", f"/queues/{_VHOST}")
        work = (each for each in found if each.get("durable") and each.get("type") != "stream")
        return {each["name"]: each.get("messages", 0) for each in work}

    async def purge(self, queue: str) -> None:
        await asyncio.to_thread(self._call, "DELETE", f"/queues/{_VHOST}/{quote(queue)}/contents")

    async def delete(self, queue: str) -> None:
        await asyncio.to_thread(self._call, "DELETE", f"/queues/{_VHOST}/{quote(queue)}")

    async def alarm(self, on: bool) -> None:
        """Out of memory, as the broker sees it: publishers are blocked."""
        limit = ("absolute", "1MB") if on else ("0.8",)
        await asyncio.to_thread(self._node.control, "set_vm_memory_high_watermark", *limit)

    async def admit(self, connections: int) -> None:
        """How many connections the virtual host may have; negative: any number."""
        path = f"/vhost-limits/{_VHOST}/max-connections"
        await asyncio.to_thread(self._call, "PUT", path, {"value": connections})

    async def remove(self) -> None:
        await asyncio.to_thread(self._node.remove)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        parts = urlsplit(self._node.amqp)
        login = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._node.api + path, data, headers, method=method)
        with urlopen(request, timeout=_BOUND) as answer:
            text = answer.read()
        return json.loads(text) if text else None


class DatabaseServer:
    """PostgreSQL on a TCP port, as it comes: what a crash must not lose is on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_ports(1)[0]
        self._cluster = EmbeddedPostgres(folder, options={**_OPTIONS, "port": str(self.port)})
        self.dsn = ""

    async def start(self) -> None:
        """Running, with the schema."""
        await asyncio.to_thread(self._cluster.start)
        password = settle(self._folder).password.read_text().strip()
        self.dsn = f"postgresql://attune:{password}@127.0.0.1:{self.port}/attune"
        await migrate(self.dsn)

    async def restart(self, number: signal.Signals) -> None:
        """End it with SIGINT (fast) or SIGQUIT (immediate), start it again; return when it takes clients."""
        data = settle(self._folder).data
        noted = process.read_pid_file(data)
        if noted is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(noted.pid, number)
            await asyncio.to_thread(process.wait_for, lambda: not process.is_server(noted.pid, data), _BOUND)
        await asyncio.to_thread(self._cluster.restart)

    async def down(self) -> None:
        await asyncio.to_thread(self._cluster.stop)

    async def up(self) -> None:
        await asyncio.to_thread(self._cluster.start)

    async def occupy(self) -> list[Any]:
        """Take every connection that there is, those of the services too; what to close to give them back."""
        taken: list[Any] = []
        for _ in range(_ROUNDS):
            with contextlib.suppress(asyncpg.TooManyConnectionsError):
                while True:
                    taken.append(await asyncpg.connect(self.dsn, timeout=_BOUND, server_settings=_OCCUPIER))
            await taken[0].execute(_END_OTHERS)
        return taken

    async def read_only(self, on: bool) -> None:
        """For everybody who does not say otherwise, open sessions included."""
        session: Any = await asyncpg.connect(self.dsn, timeout=_BOUND)
        try:
            await session.execute("SET default_transaction_read_only = off")
            await session.execute(f"ALTER SYSTEM SET default_transaction_read_only = {'on' if on else 'off'}")
            await session.execute("SELECT pg_reload_conf()")
        finally:
            await session.close(timeout=_BOUND)

    async def remove(self) -> None:
        await asyncio.to_thread(self._cluster.stop)

    @property
    def log(self) -> Path:
        return settle(self._folder).log


def refused_changes(log: Path) -> list[str]:
    """What the trigger on final states had to refuse, by PostgreSQL's own log."""
    return _REFUSED.findall(log.read_text(errors="replace")) if log.exists() else []
