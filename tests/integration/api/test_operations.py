"""Health, metrics, limits, the document; and what happens when database or time runs away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx2
import jsonschema_rs
import pytest
from tests.integration.api import world
from tests.integration.api.conftest import ADMIN, Clients
from tests.support.waiting import until

from attune_api import examples, routing
from attune_api.admission import Admission
from attune_api.app import all_routes, create_app
from attune_api.documentation import statuses
from attune_api.server import Api
from attune_common.bus.memory import MemoryBus
from attune_common.runtime import bounded_http
from attune_common.runtime.settings import Settings
from attune_common.store.store import Store

ROOT = "http://attune"


async def test_alive_and_ready(clients: Clients) -> None:
    anyone = clients.client()
    assert (await anyone.get(f"{ROOT}/health/live")).json() == {"status": "ok", "checks": {}}
    ready = await anyone.get(f"{ROOT}/health/ready")
    assert ready.status_code == 200
    assert set(ready.json()["checks"]) == {"database", "bus", "prepared"}


async def test_not_ready_while_the_bus_is_away(clients: Clients) -> None:
    await clients.app.state.context.bus.stop()
    ready = await clients.client().get(f"{ROOT}/health/ready")
    assert (ready.status_code, ready.json()["checks"]["bus"]["ok"]) == (503, False)
    assert ready.headers["retry-after"]


async def test_metrics_can_be_scraped(clients: Clients) -> None:
    answer = await clients.client().get(f"{ROOT}/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    again = await clients.client().get(f"{ROOT}/metrics")
    assert b'attune_api_requests_total{method="GET",route="/metrics",status="200"}' in again.content


async def test_addresses_make_no_series_of_their_own(clients: Clients, api: httpx2.AsyncClient) -> None:
    for place in range(5):
        await api.get(f"/executions/{place + 1000}")
        await api.get(f"/nothing/{place}")
    scraped = (await api.get(f"{ROOT}/metrics")).text
    assert 'route="/api/v1/executions/{id}"' in scraped
    assert "/executions/1000" not in scraped
    assert "/nothing" not in scraped


async def test_limits_are_those_of_the_settings(api: httpx2.AsyncClient) -> None:
    limits = (await api.get("/limits")).json()
    assert (limits["max_body"], limits["tasks"], limits["pack_files"]) == (1024 * 1024, 1000, 5000)


async def test_the_document_tells_every_route_and_refusal(api: httpx2.AsyncClient) -> None:
    document = (await api.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    for route in all_routes():
        for method in route.methods or ():
            operation = document["paths"][route.path_format][method.lower()]
            assert {str(status) for status in statuses(route)} <= set(operation["responses"]), route.path
            assert operation["summary"]
            refused = operation["responses"]["422"]["content"]
            assert refused["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_examples_of_bodies_are_as_their_schemas_say(api: httpx2.AsyncClient) -> None:
    document, seen = (await api.get("/openapi.json")).json(), 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            media = operation.get("requestBody", {}).get("content", {})
            if "*/*" in media or not media:
                continue
            for example in (kind for kind in media.values() if "example" in kind):
                schema = {**example["schema"], "components": document["components"]}
                assert jsonschema_rs.is_valid(schema, example["example"]), (method, path)
                seen += 1
    assert seen >= len(examples.BODIES) > 30


async def test_references_in_the_document_lead_somewhere(api: httpx2.AsyncClient) -> None:
    document = (await api.get("/openapi.json")).json()

    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for value in node.values() for found in references(value)]
        return [found for item in node for found in references(item)] if isinstance(node, list) else []

    kept = {(kind, name) for kind in ("schemas", "examples") for name in document["components"][kind]}
    assert set(references(document)) <= {f"#/components/{kind}/{name}" for kind, name in kept}


async def test_every_answer_has_an_example_that_its_schema_takes(api: httpx2.AsyncClient) -> None:
    document = (await api.get("/openapi.json")).json()
    components = document["components"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                content = answer.get("content", {})
                assert content or status in ("204", "304"), (method, path, status)
                for media, kind in content.items():
                    if kind["schema"].get("format") == "binary":
                        continue
                    shown = [kind["example"]] if "example" in kind else _referred(kind["examples"], components)
                    schema = {**kind["schema"], "components": components}
                    for example in shown:
                        assert jsonschema_rs.is_valid(schema, example), (method, path, status, media)
                        assert status < "400" or media == "application/json" or example["status"] == int(status)


def _referred(named: dict[str, dict[str, str]], components: dict[str, dict[str, dict[str, object]]]) -> list[Any]:
    return [components["examples"][one["$ref"].rpartition("/")[2]]["value"] for one in named.values()]


@pytest.fixture
async def homeless() -> AsyncIterator[httpx2.AsyncClient]:
    """The API in front of a database that is not there."""
    settings = Settings(database_url="postgresql://nobody@127.0.0.1:1/none", bootstrap_admin_token=ADMIN)
    store, bus = Store(settings), MemoryBus()
    await store.open()
    await bus.start()
    transport = httpx2.ASGITransport(app=create_app(store, bus, settings), raise_app_exceptions=False)
    async with httpx2.AsyncClient(
        transport=transport, base_url=f"{ROOT}/api/v1", headers={"Authorization": f"Bearer {ADMIN}"}
    ) as client:
        yield client
    await bus.stop()
    await store.close()


@pytest.mark.parametrize(("method", "path"), [("GET", "/packs"), ("POST", "/executions"), ("POST", "/webhooks/a")])
async def test_without_a_database_it_says_so(homeless: httpx2.AsyncClient, method: str, path: str) -> None:
    answer = await homeless.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert (await homeless.get(f"{ROOT}/health/live")).status_code == 200
    ready = await homeless.get(f"{ROOT}/health/ready")
    assert (ready.status_code, ready.json()["checks"]["database"]["ok"]) == (503, False)


@pytest.fixture
async def served(clients: Clients) -> AsyncIterator[int]:
    """The port of a real HTTP server."""
    api = Api(clients.app, "127.0.0.1", 0)
    await api.start()
    yield api.port
    await api.stop(5)


async def _raw(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    async with asyncio.timeout(10):
        answer = await reader.readuntil(b"\r\n\r\n")
        with suppress(ConnectionResetError):
            answer += await reader.read(65536)
    writer.close()
    return answer


_HEAD = f"POST /api/v1/executions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {ADMIN}\r\n".encode()
_JSON = b"Content-Type: application/json\r\n"


async def test_a_slow_body_is_given_up(served: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "BODY_SECONDS", 0.2)
    answer = await _raw(served, _HEAD + _JSON + b"Content-Length: 100\r\n\r\n{")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in answer


async def test_ten_gigabytes_are_not_waited_for(served: int) -> None:
    answer = await _raw(served, _HEAD + _JSON + b"Content-Length: 10000000000\r\n\r\n{")
    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "request_", [b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n"]
)
async def test_what_is_no_http(served: int, request_: bytes) -> None:
    assert (await _raw(served, request_)).startswith(b"HTTP/1.1 4")


async def test_it_comes_up_with_its_tokens_and_core_pack(postgres_server: object, store: Store) -> None:
    async with store.unit() as unit:
        await unit.execute("DELETE FROM attune.pack")
        await unit.execute("DELETE FROM attune.token")
    app = create_app(store, MemoryBus(), Settings(bootstrap_admin_token=ADMIN))
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(
            transport=transport, base_url=ROOT, headers={"Authorization": f"Bearer {ADMIN}"}
        ) as client:
            await until(lambda: app.state.context.prepared)
            assert (await client.get("/api/v1/packs/core")).status_code == 200


async def test_a_head_without_end_is_cut_off(served: int) -> None:
    answer = await _raw(served, b"GET /health/live HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * bounded_http.HEAD_BYTES)
    assert answer.startswith(b"HTTP/1.1 431 ")


async def test_who_says_nothing_is_hung_up_on(served: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "HEAD_SECONDS", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", served)
    writer.write(b"GET /health/live HT")
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()


async def test_a_connection_serves_many_requests(served: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "HEAD_BYTES", 1000)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{served}") as client:
        for _ in range(20):
            answer = await client.put(
                "/api/v1/kv/a", json={"value": "x" * 5000}, headers={"Authorization": f"Bearer {ADMIN}"}
            )
            assert answer.status_code in (200, 201)


async def test_too_long_a_queue_takes_no_more(clients: Clients, api: httpx2.AsyncClient, store: Store) -> None:
    context = clients.app.state.context
    context.admission = Admission(store, 2)
    for _ in range(3):
        await world.execution(store, status="scheduled")
    answer = await api.post("/executions", json={"action": "core.noop"})
    assert (answer.status_code, answer.json()["code"]) == (503, "backlog_full")
    assert answer.headers["retry-after"] == "10"
    context.admission = Admission(store, 3)
    assert (await api.post("/executions", json={"action": "core.noop"})).status_code == 202
