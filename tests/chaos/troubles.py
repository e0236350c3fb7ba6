"""The troubles that a broker or a database can make, and what tells that services notice them and go on."""

from __future__ import annotations

import dataclasses
import json
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from attune_client import AsyncAttune
from tests.chaos.arena import ServicesArena
from tests.chaos.servers import BrokerServer, DatabaseServer
from tests.support.waiting import until

_NOTICED, _AFTER = 40.0, 90.0
_USES_DATABASE = ("api", "executor-1", "executor-2")
_ALL = (*_USES_DATABASE, "notifier", "worker-1", "worker-2")

_EVERYWHERE = ("event", "timestamp", "service", "logger", "level", "exception")

Step = Callable[["Field"], Awaitable[None]]


@dataclass
class Field:
    """`held`: what a trouble keeps until its end."""

    arena: ServicesArena
    attune: AsyncAttune
    http: httpx2.AsyncClient
    held: list[Any] = dataclasses.field(default_factory=list)

    @property
    def broker(self) -> BrokerServer:
        assert self.arena.broker is not None
        return self.arena.broker

    @property
    def database(self) -> DatabaseServer:
        assert self.arena.database is not None
        return self.arena.database

    async def start(self, n: int) -> int:
        started = await self.attune.transport.post("/workflows/chaos.chain/execute", {"parameters": {"n": n}})
        return int(started["id"])

    async def ends(self, execution: int) -> None:
        async def completed() -> bool:
            return (await self.attune.executions.get(execution))["status"] == "completed"

        await until(completed, _AFTER, f"execution {execution} completes")

    async def failing(self, service: str) -> set[str]:
        """The names of the checks that fail; empty: it is ready."""
        answer = await self.http.get(self.arena.health[service])
        assert (answer.status_code == 200) == (answer.json()["status"] == "ok")
        return {name for name, found in answer.json()["checks"].items() if not found["ok"]}

    async def until_told(self, services: tuple[str, ...], check: str, since: dict[str, int]) -> None:
        """On their health pages, and in their logs, which are a second later."""
        for service in services:

            async def told(service: str = service) -> bool:
                return check in await self.failing(service)

            await until(told, _NOTICED, f"{service} says that {check} fails")
        for service in services:

            def logged(service: str = service) -> bool:
                return any(line.startswith("not ready") for line in self.complaints(since)[service])

            await until(logged, _NOTICED, f"{service} logs that it is not ready")

    async def until_ready(self) -> None:
        for service in _ALL:

            async def ready(service: str = service) -> bool:
                return not await self.failing(service) and not _complains(self.arena.processes[service].log)

            await until(ready, _AFTER, f"{service} is ready again")

    def lines(self) -> dict[str, int]:
        """How many lines each service has written."""
        return {name: len(_read(self.arena.processes[name].log)) for name in _ALL}

    def complaints(self, since: dict[str, int]) -> dict[str, list[str]]:
        return {name: _warnings(_read(self.arena.processes[name].log)[since[name] :]) for name in _ALL}


def _complains(log: Path) -> bool:
    """Whether the last that it wrote of its readiness is that it is away: the log looks once a second."""
    told = [line for line in _read(log) if '"not ready"' in line or '"ready again"' in line]
    return bool(told) and '"not ready"' in told[-1]


def _read(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines()


def _warnings(lines: list[str]) -> list[str]:
    found = []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            found.append(line)
            continue
        if entry["level"] in ("warning", "error", "critical"):
            rest = {name: value for name, value in entry.items() if name not in _EVERYWHERE}
            found.append(f"{entry.get('event')} {rest or ''}")
    return found


@dataclass(frozen=True, slots=True)
class Trouble:
    """`who` tells of it, by that check; nobody when it is nothing that would keep a service from its work."""

    name: str
    begin: Step
    end: Step
    check: str = ""
    who: tuple[str, ...] = ()


async def _nothing(field: Field) -> None:
    pass


async def _kill_broker(field: Field) -> None:
    await field.broker.kill()


async def _boot_broker(field: Field) -> None:
    await field.broker.boot()


async def _freeze_broker(field: Field) -> None:
    field.broker.freeze()


async def _thaw_broker(field: Field) -> None:
    field.broker.thaw()


async def _purge(field: Field) -> None:
    for queue in await field.broker.queues():
        await field.broker.purge(queue)


async def _delete_queues(field: Field) -> None:
    for queue in await field.broker.queues():
        await field.broker.delete(queue)


async def _forget_vhost(field: Field) -> None:
    await field.broker.forget_vhost()


async def _make_vhost(field: Field) -> None:
    await field.broker.make_vhost()


async def _alarm(field: Field) -> None:
    await field.broker.alarm(True)


async def _calm(field: Field) -> None:
    await field.broker.alarm(False)


async def _refuse_connections(field: Field) -> None:
    """The connections that there are are lost, and no other is admitted."""
    await field.broker.admit(0)
    for (_, server), link in field.arena.links.items():
        if server == "broker":
            link.cut()


async def _admit_connections(field: Field) -> None:
    await field.broker.admit(-1)


async def _crash_database(field: Field) -> None:
    await field.database.restart(signal.SIGQUIT)


async def _stop_database(field: Field) -> None:
    await field.database.down()


async def _start_database(field: Field) -> None:
    await field.database.up()


async def _read_only(field: Field) -> None:
    await field.database.read_only(True)


async def _writable(field: Field) -> None:
    await field.database.read_only(False)


async def _occupy(field: Field) -> None:
    field.held += await field.database.occupy()


async def _vacate(field: Field) -> None:
    for session in field.held:
        session.terminate()
    field.held.clear()


async def _hang_database(field: Field) -> None:
    for (_, server), link in field.arena.links.items():
        if server == "database":
            link.hang()


async def _heal_links(field: Field) -> None:
    for link in field.arena.links.values():
        link.heal()


TROUBLES = [
    Trouble("broker away", _kill_broker, _boot_broker, "bus", _ALL),
    Trouble("broker frozen", _freeze_broker, _thaw_broker, "bus", _ALL),
    Trouble("all queues purged", _purge, _nothing),
    Trouble("all queues deleted", _delete_queues, _nothing),
    Trouble("virtual host deleted", _forget_vhost, _make_vhost, "bus", _ALL),
    Trouble("memory alarm", _alarm, _calm, "bus", _ALL),
    Trouble("no connection admitted", _refuse_connections, _admit_connections, "bus", _ALL),
    Trouble("database crashes", _crash_database, _nothing),
    Trouble("database away", _stop_database, _start_database, "database", _USES_DATABASE),
    Trouble("database read-only", _read_only, _writable, "database", _USES_DATABASE),
    Trouble("database out of connections", _occupy, _vacate, "database", _USES_DATABASE),
    Trouble("database hangs", _hang_database, _heal_links, "database", _USES_DATABASE),
]
