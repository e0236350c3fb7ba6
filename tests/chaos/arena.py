"""Everything that a chaos run can hurt: servers, services under supervision, and the link between each two of them."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import signal
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from attune_client import AsyncAttune
from attune_client.errors import ApiUnreachable
from tests.chaos.plan import LEASES, Plan
from tests.chaos.processes import Supervised
from tests.chaos.servers import BrokerServer, DatabaseServer
from tests.e2e.running import environment
from tests.support.proxy import Proxy
from tests.support.servers import free_ports
from tests.support.waiting import patient

_PACK = Path(__file__).parent / "pack"
_READY_SECONDS = 120.0
SERVICES = ("api", "notifier", "executor-1", "executor-2", "worker-1", "worker-2")


class Arena(ABC):
    """`url` and `token` are the API's, `dsn` goes to the database past every proxy. `links` by (service, server);
    `health`: where a service tells whether it is ready."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.folder = plan.folder
        self.effects = plan.folder / "effects"
        self.processes: dict[str, Supervised] = {}
        self.links: dict[tuple[str, str], Proxy] = {}
        self.health: dict[str, str] = {}
        self.broker: BrokerServer | None = None
        self.database: DatabaseServer | None = None
        self.url = self.token = self.dsn = ""
        self.database_log = Path()

    @abstractmethod
    async def start(self) -> None:
        """Everything up, the API answering."""

    @abstractmethod
    async def stop(self) -> None:
        """Everything down; services are asked first."""

    async def register_pack(self) -> None:
        """The workflows of the run, with the place of its effects written into them."""
        folder = self.folder / "pack"
        shutil.copytree(_PACK, folder)
        for action in (folder / "actions").glob("*.yaml"):
            action.write_text(action.read_text().replace("@EFFECTS@", str(self.effects)))
        async with AsyncAttune.connect(self.url, self.token) as attune:
            await attune.packs.register(folder)

    def heal(self) -> None:
        """Undo what can be undone at once."""
        for link in self.links.values():
            link.heal()
        for process in self.processes.values():
            process.send(signal.SIGCONT)
        if self.broker is not None:
            self.broker.thaw()

    async def until_ready(self, within: float = _READY_SECONDS) -> None:
        async with AsyncAttune.connect(self.url, self.token) as attune:
            async with asyncio.timeout(patient(within)):
                await _until_ready(attune)


class ServicesArena(Arena):
    """The services apart, over a RabbitMQ and a PostgreSQL of their own. `settings`: variables beside the plan's."""

    def __init__(self, plan: Plan, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(plan)
        self._settings = dict(settings or {})

    async def start(self) -> None:
        self.broker, self.database = BrokerServer(), DatabaseServer(self.folder / "database")
        await asyncio.gather(self.broker.start(), self.database.start())
        self.dsn, self.database_log = self.database.dsn, self.database.log
        api, notifier = free_ports(2)
        self.url, self.token = f"http://127.0.0.1:{api}", f"att_admin_{secrets.token_hex(32)}"
        worker = f"att_worker_{secrets.token_hex(32)}"
        shared = {
            **LEASES,
            "ATTUNE_API_PORT": str(api),
            "ATTUNE_NOTIFIER_PORT": str(notifier),
            "ATTUNE_NOTIFIER_URL": f"http://127.0.0.1:{notifier}",
            "ATTUNE_BOOTSTRAP_ADMIN_TOKEN": self.token,
            "ATTUNE_BOOTSTRAP_WORKER_TOKEN": worker,
            **self._settings,
        }
        for name in SERVICES:
            own = {"ATTUNE_API_TOKEN": worker} if name.startswith("worker") else {}
            self.processes[name] = await self._service(name, shared | own)
        for process in self.processes.values():
            process.start()
        await self.until_ready()

    async def _service(self, name: str, shared: dict[str, str]) -> Supervised:
        assert self.broker is not None
        port = free_ports(1)[0]
        served = {"api": self.url, "notifier": shared["ATTUNE_NOTIFIER_URL"]}
        self.health[name] = f"{served.get(name, f'http://127.0.0.1:{port}')}/health/ready"
        own = {
            "ATTUNE_HEALTH_PORT": str(port),
            "ATTUNE_DATA_DIR": str(self.folder / name),
            "ATTUNE_WORKER_NAME": name,
            "ATTUNE_DATABASE_URL": await self._link(name, "database", self.dsn),
            "ATTUNE_AMQP_URL": await self._link(name, "broker", self.broker.amqp),
            "ATTUNE_API_URL": await self._link(name, "api", self.url),
        }
        command = (name.partition("-")[0],)
        return Supervised(name, command, environment(**shared, **own), self.folder / f"{name}.log")

    async def _link(self, service: str, server: str, url: str) -> str:
        """The URL by way of a proxy of its own, where the service goes to that server at all."""
        kind = service.partition("-")[0]
        if server == "database" and kind in ("worker", "notifier"):
            return "postgresql://nobody@127.0.0.1:1/none"
        if server == "api" and kind != "worker":
            return url
        parts = urlsplit(url)
        proxy = Proxy(parts.hostname or "127.0.0.1", parts.port or 0)
        await proxy.start()
        self.links[(service, server)] = proxy
        return proxy.through(url)

    async def stop(self) -> None:
        await _stop(self.processes.values())
        await asyncio.gather(*(link.stop() for link in self.links.values()))
        if self.database is not None:
            await self.database.remove()
        if self.broker is not None:
            await self.broker.remove()


async def _until_ready(attune: AsyncAttune) -> None:
    while True:
        with contextlib.suppress(ApiUnreachable):
            if (await attune.ready())["ready"]:
                return
        await asyncio.sleep(0.2)


async def _stop(processes: Iterable[Supervised]) -> None:
    await asyncio.gather(*(process.stop() for process in processes))
