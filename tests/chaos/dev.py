"""The second target: `attune dev`, where one process is everything, over its embedded PostgreSQL."""

from __future__ import annotations

from urllib.parse import quote

from attune_common.store.embedded.place import settle
from tests.chaos.arena import Arena
from tests.chaos.plan import LEASES
from tests.chaos.processes import Supervised
from tests.e2e.running import environment
from tests.support.servers import free_ports
from tests.support.waiting import until


class DevArena(Arena):
    """The address stays the same over all lives, as `--port` asks for."""

    async def start(self) -> None:
        port = free_ports(1)[0]
        data = self.folder / "data"
        command = ("dev", "--port", str(port), "--data-dir", str(data))
        own = environment(ATTUNE_WORKER_NAME="dev", ATTUNE_WORKER_SLOTS=LEASES["ATTUNE_WORKER_SLOTS"])
        self.processes["dev"] = Supervised("dev", command, own, self.folder / "dev.log")
        self.processes["dev"].start()
        self.url = f"http://127.0.0.1:{port}"
        await until(lambda: (data / "dev.json").exists(), 120, "attune dev announces itself")
        self.token = (data / "token").read_text().strip()
        place = settle(data)
        password = place.password.read_text().strip()
        self.dsn = f"postgresql://attune:{quote(password)}@/attune?host={place.sockets}"
        self.database_log = place.log
        await self.until_ready()

    async def stop(self) -> None:
        await self.processes["dev"].stop()
