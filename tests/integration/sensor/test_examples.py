"""The three sensors of packs/examples/sensors, run as the service runs them, on this interpreter's libraries."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aio_pika
import pytest
from tests.integration.sensor.world import World
from tests.support.http_server import HttpServer, http_server, response
from tests.support.waiting import until

from attune_common.hosting.environments import Environments

PACK = Path(__file__).parents[3] / "packs/examples/sensors"


@pytest.fixture(autouse=True)
def _own_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Installing is tested elsewhere; here this environment has what requirements.txt asks for."""
    import sys

    async def python(*_: Any) -> Path:
        return Path(sys.executable)

    monkeypatch.setattr(Environments, "python", python)


@pytest.fixture
async def pages() -> AsyncIterator[HttpServer]:
    async with http_server() as server:
        yield server


async def begin(world: World, name: str, **config: Any) -> None:
    """The pack with one of its sensors, configured, on a service."""
    from attune_api.packfiles.archives import canonical

    files = {str(path.relative_to(PACK)): path.read_bytes() for path in PACK.rglob("*") if path.is_file()}
    others = [path for path in files if path.startswith("sensors/") and not path.startswith(f"sensors/{name}.")]
    body = canonical({path: content for path, content in files.items() if path not in others})
    await world.ask("POST", "/packs", content=body, headers={"Content-Type": "application/gzip"})
    async with world.store.unit() as unit:
        await unit.execute("UPDATE attune.pack SET config = config::jsonb || $1 WHERE ref = 'sensors'", config)
    await world.service("one")


async def test_files(world: World, tmp_path: Path) -> None:
    watched = tmp_path / "watched"
    watched.mkdir()
    (watched / "old.txt").write_text("there before")
    await begin(world, "file_watcher", directory=str(watched))
    await world.says("sensors.file_watcher", "watching")

    async def known() -> bool:
        async with world.store.connection() as connection:
            return bool(await connection.fetchval("SELECT count(*) FROM attune.kv"))

    await until(known, 20, "the first look")
    (watched / "new.txt").write_text("hello")
    assert (await world.payloads(1))[0] == {
        "path": str(watched / "new.txt"), "directory": str(watched), "change": "added", "size": 5,
    }  # fmt: skip
    (watched / "old.txt").unlink()
    assert (await world.payloads(2))[1]["change"] == "deleted"
    await world.stop_service()
    (watched / "away.txt").write_text("while nobody watched")
    await world.service("two")
    assert [(p["path"].rpartition("/")[2], p["change"]) for p in await world.payloads(3)][2:] == [("away.txt", "added")]


async def test_pages(world: World, pages: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pages.answers, "/a", response(200, b'{"n": 1}', 'ETag: "1"'))
    await begin(world, "http_poller", urls=[f"{pages.url}/a", f"{pages.url}/none", "ftp://nowhere"])
    async with world.store.unit() as unit:
        await unit.execute("""UPDATE attune.sensor SET spec = spec || '{"poll": 0.2}'""")
    await until(lambda: sum(asked.path == "/a" for asked in pages.asked) >= 2, 20, "two looks")
    assert pages.asked[-1].headers.get("if-none-match") or any(a.headers.get("if-none-match") for a in pages.asked)
    assert await world.events() == []
    pages.answers["/a"] = response(200, b'{"n": 2}', 'ETag: "2"')
    found = (await world.payloads(1))[0]
    assert (found["url"], found["status"], found["body"]) == (f"{pages.url}/a", 200, {"n": 2})
    assert found["digest"] != found["previous_digest"]
    await world.says("sensors.http_poller", "only http and https")


async def test_messages(world: World, amqp_url: str) -> None:
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("orders", durable=True)

        async def publish(body: bytes, **properties: Any) -> None:
            await channel.default_exchange.publish(aio_pika.Message(body, **properties), "orders")

        for number in range(300):
            await publish(json.dumps({"n": number}).encode(), message_id=f"m-{number}", headers={"kind": "order"})
        await publish(json.dumps({"n": 7}).encode(), message_id="m-7")
        await publish(b"\xff\x00")
        await begin(world, "queue_consumer", amqp_url=amqp_url, queue="orders")
        found = await world.payloads(301, 40)
        assert sorted(p["body"]["n"] for p in found if "n" in p["body"]) == list(range(300))
        assert {"base64": "/wA="} in [p["body"] for p in found]
        assert found[0]["headers"] == {"kind": "order"}

        async def drained() -> bool:
            return (
                await channel.declare_queue("orders", durable=True, passive=True)
            ).declaration_result.message_count == 0

        await until(drained, 20, "the queue to be empty")
        assert len(await world.events()) == 301
        await queue.delete(if_empty=False, if_unused=False)
