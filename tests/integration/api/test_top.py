"""`attune top` and what it looks at, over a real API."""

from __future__ import annotations

import httpx2
from tests.integration.api import world
from tests.integration.api.conftest import ADMIN, Clients

from attune_cli.commands import top
from attune_cli.output import console
from attune_client.client import AsyncAttune
from attune_client.discovery import Address
from attune_client.transport import Transport
from attune_common.store.store import Store


async def test_what_runs_waits_and_is_set_aside_is_seen(
    clients: Clients, api: httpx2.AsyncClient, store: Store
) -> None:
    await world.execution(store, status="running")
    async with store.unit() as unit:
        await unit.execute("INSERT INTO attune.incident (kind, subject) VALUES ('poison', 'execution:1')")
        await unit.execute(
            "INSERT INTO attune.worker (name, pools, running, started, seen) VALUES ('w1', '{gpu}', 1, now(), now())"
        )
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=clients.app))
    async with AsyncAttune(Transport(Address("http://attune", ADMIN, "the test"), http)) as attune:
        seen = await top.look(attune)
    assert seen["counts"]["running"] == 1
    assert [worker["name"] for worker in seen["workers"]] == ["w1"]
    assert "attune.worker.gpu" in [queue["queue"] for queue in seen["queues"]]
    assert [incident["subject"] for incident in seen["incidents"]] == ["execution:1"]
    with console().capture() as drawn:
        console().print(top.picture(seen))
    assert drawn is not None
