"""Requests that nobody should send: each gets a problem that names the place, none a 500."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import httpx2
import pytest
from tests.integration.api.conftest import Clients

from attune_api.app import all_routes
from attune_api.permissions import GRANTS, Role

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def database_url(shared_url: str) -> str:
    """Nothing here is kept, so one database is enough."""
    return shared_url


@pytest.fixture
async def api(clients: Clients) -> httpx2.AsyncClient:
    """An administrator with a token of its own: what is tried here may revoke it."""
    return await clients.as_role(Role.ADMIN)


def _is_problem(answer: httpx2.Response, status: int) -> bool:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["status"] == status
    assert body["request_id"] == answer.headers["x-request-id"]
    assert {"type", "title", "code", "detail", "errors"} <= set(body)
    assert "Traceback" not in answer.text
    return True


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"", 422),
        (b"\xef\xbb\xbf{}", 400),
        (b'{"action": "a.b", "parameters": ' + b"[" * 101 + b"]" * 101 + b"}", 422),
        (b"[" * 100_000 + b"]" * 100_000, 400),
        (b'{"action": "a\\u0000b"}', 422),
        (b'{"action": "\\ud800"}', 400),
        (b'{"action": "a.b", "parameters": {"n": 9223372036854775808}}', 422),
        (b'{"action": "a.b", "parameters": {"n": 1e400}}', 400),
        (b'{"action": "a.b", "parameters": {"n": NaN}}', 400),
        (b'{"action": "a.b", "action": "a.c"}', 422),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b'{"action": 5}', 422),
        (b'{"action": "../x"}', 422),
        (b'{"action": "a.b", "status": "completed"}', 422),
        (b'{"action": "a.b", "owner": 1}', 422),
        (b'{"action": "a.b", "parameters": []}', 422),
        (b'{"action": "' + b"a" * 300 + b'"}', 422),
        (b'{"action": "a.b", "idempotency_key": "\\u00e4"}', 422),
        (b'{"action": "a.b", "parameters": {"list": [' + b"0," * 200_001 + b"0]}}", 422),
    ],
)
async def test_bodies(api: httpx2.AsyncClient, body: bytes, status: int) -> None:
    assert _is_problem(await api.post("/executions", content=body, headers=JSON), status)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "", ";;"])
async def test_content_types(api: httpx2.AsyncClient, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    assert _is_problem(await api.post("/executions", content=b'{"action": "a.b"}', headers=headers), 415)


async def test_a_body_may_have_a_mebibyte_but_no_byte_more(api: httpx2.AsyncClient) -> None:
    shell = b'{"action": "a.b", "parameters": {"x": "%s"}}'
    fits = shell % (b"x" * (1024 * 1024 - len(shell) + 2))
    assert len(fits) == 1024 * 1024
    assert _is_problem(await api.post("/executions", content=fits, headers=JSON), 404)
    assert _is_problem(await api.post("/executions", content=fits + b" ", headers=JSON), 413)


async def test_a_chunked_body_is_counted_while_it_comes(api: httpx2.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100_000):
            sent += 65536
            yield bytes(65536)

    assert _is_problem(await api.post("/executions", content=endless(), headers=JSON), 413)


async def test_an_announced_size_is_enough_to_refuse(api: httpx2.AsyncClient) -> None:
    headers = JSON | {"Content-Length": "10000000000"}
    assert _is_problem(await api.post("/executions", content=b"{}", headers=headers), 413)


@pytest.mark.parametrize(
    "path",
    [
        "/executions?limit=-1", "/executions?limit=0", "/executions?limit=201", "/executions?limit=1" + "0" * 20,
        "/executions?limit=x", "/executions?cursor=x", "/executions?cursor=", "/executions?cursor=" + "A" * 2000,
        "/executions?colour=red", "/executions?limit=1&limit=2", "/executions?status=lost", "/executions?parent=-1",
        "/executions?parent=9223372036854775808", "/executions?action=a%00b", "/executions?action=",
        "/packs?cursor=WyJleGVjdXRpb25zIiwxXQ", "/kv?prefix=%00", "/events?trigger=%ff", "/limits?x=1",
        "/executions/1/logs?attempt=0", "/workflow-executions?status=RUNNING", "/workflow-executions/1/tasks?task=a.b",
    ],
)  # fmt: skip
async def test_queries(api: httpx2.AsyncClient, path: str) -> None:
    answer = await api.get(path)
    assert _is_problem(answer, 422)
    assert answer.json()["errors"][0]["path"].startswith("query.")


@pytest.mark.parametrize(
    "bad", ["abc", "-1", "0", "9223372036854775808", "%00", "1.5", "1e3", "%F0%9F%98%80", "..", "1%2F2"]
)
async def test_ids(api: httpx2.AsyncClient, bad: str) -> None:
    for route in all_routes():
        if "{id}" in route.path and route.path != "/api/v1/tokens/{id}":
            for method in route.methods or ():
                answer = await api.request(method, "http://attune" + route.path.replace("{id}", bad))
                mine = route.declaration.permission in GRANTS[Role.ADMIN]
                expected = (404, 405, 422) if mine else (403, 404, 405)
                assert answer.status_code in expected, (method, route.path, answer.text)


@pytest.mark.parametrize(
    "bad", ["%00", "a%00b", "a b", "%E2%80%AE", "a..b", "%2E", "a/b", "x" * 300, "%0a", "<script>"]
)
async def test_refs(api: httpx2.AsyncClient, bad: str) -> None:
    for route in all_routes():
        if "{ref}" in route.path:
            for method in route.methods or ():
                path = route.path.replace("{ref}", bad)
                answer = await api.request(method, "http://attune" + path, json={} if method == "PUT" else None)
                assert answer.status_code in (400, 404, 405, 415, 422), (method, route.path, answer.text)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "http://attune/", 404),
        ("GET", "http://attune/api/v2/packs", 404),
        ("GET", "/executions/", 404),
        ("PATCH", "/executions", 405),
        ("DELETE", "/events", 405),
        ("BREW", "/packs", 405),
        ("GET", "//packs", 404),
    ],
)
async def test_what_the_framework_refuses_is_a_problem_too(
    api: httpx2.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await api.request(method, path)
    assert _is_problem(answer, status)
    assert status != 405 or answer.headers["allow"]


async def test_no_unknown_query_is_let_through_anywhere(clients: Clients, api: httpx2.AsyncClient) -> None:
    for route in all_routes():
        for method in route.methods or ():
            path = route.path.replace("{id}", "1").replace("{ref}", "a.b").replace("{key:path}", "k")
            answer = await api.request(method, "http://attune" + path.replace("{digest}", "0" * 64) + "?surely=not")
            mine = route.declaration.permission in GRANTS[Role.ADMIN]
            assert answer.status_code == (422 if mine else 403), (method, route.path, answer.text)


async def test_a_request_id_is_taken_over_when_it_is_one(api: httpx2.AsyncClient) -> None:
    assert (await api.get("/whoami", headers={"X-Request-ID": "my-id.1"})).headers["x-request-id"] == "my-id.1"
    evil = (await api.get("/whoami", headers={"X-Request-ID": "a b<script>"})).headers["x-request-id"]
    assert len(evil) == 32


_SCALARS = [
    None,
    True,
    0,
    -1,
    2**63 - 1,
    1.5,
    "",
    "a.b",
    "\u202e",
    "{{ 7 * 7 }}",
    "../x",
    "\U0001f600" * 50,
    [],
    {},
    [[1]],
    {"a": {}},
]


def _anything(dice: random.Random, names: list[str]) -> object:
    """Some JSON that uses the names of the route's own fields, wrongly as a rule."""
    if dice.random() < 0.2:
        return dice.choice(_SCALARS)
    chosen = dice.sample(names, dice.randint(0, len(names)))
    return {name: dice.choice(_SCALARS) for name in chosen}


async def test_any_json_gets_an_answer_that_is_no_500(api: httpx2.AsyncClient) -> None:
    dice = random.Random(20)
    document = (await api.get("/openapi.json")).json()
    for route in all_routes():
        if route.path.endswith("/logout"):
            continue
        for method in (route.methods or set()) & {"POST", "PUT"}:
            operation = document["paths"][route.path_format][method.lower()]
            reference = (
                operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            )
            model = str(reference.get("$ref") or reference.get("anyOf", [{}])[0].get("$ref", "")).rpartition("/")[2]
            names = list(
                document["components"]["schemas"].get(model, {}).get("properties", {"definition": {}, "path": {}})
            )
            path = route.path.replace("{id}", "1").replace("{ref}", "core.noop").replace("{key:path}", "k")
            for _ in range(25):
                body = _anything(dice, names)
                answer = await api.request(method, "http://attune" + path, json=body)
                assert answer.status_code < 500, (method, path, body, answer.text)
                proves_itself = any(part in path for part in ("/login", "/webhooks", "/tickets/take"))
                assert answer.status_code != 401 or proves_itself, (method, path)
                assert str(answer.status_code) in operation["responses"], (method, path, body, answer.text)
