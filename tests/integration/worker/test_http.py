"""Outgoing calls: results, expectations, and everything a hostile server or address may try."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.http_server import Asked, HttpServer, http_server, response
from tests.support.waiting import patient
from tests.support.workbench import Workbench, workbench

from attune_common.contracts.execution import ExecutionCompleted


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with http_server() as running:
        yield running


@pytest.fixture
async def public(tmp_path: Path) -> AsyncIterator[Workbench]:
    async with workbench(tmp_path, egress="public") as running:
        yield running


async def call(bench: Workbench, **parameters: Any) -> ExecutionCompleted:
    return await bench.run(bench.job("native", "core.http", parameters=parameters))


async def test_the_answer_is_the_result(bench: Workbench, server: HttpServer) -> None:
    server.answers["/x"] = response(200, b'{"a": 1}', "Content-Type: application/json", "X-Y: z")
    done = await call(bench, url=f"{server.url}/x", query={"q": ["a", 2]}, headers={"X-In": "1"})
    assert done.status == "succeeded"
    assert (done.result["status"], done.result["json"], done.result["headers"]["x-y"]) == (200, {"a": 1}, "z")
    assert done.result["elapsed"] > 0
    assert server.asked[0].path == "/x?q=a&q=2"
    assert server.asked[0].headers["x-in"] == "1"


async def test_documents_and_credentials_are_sent(bench: Workbench, server: HttpServer) -> None:
    server.answers["/x"] = response(201)
    auth = {"username": "u", "password": "p"}
    await call(bench, url=f"{server.url}/x", method="POST", json={"a": None}, auth=auth, expected_status=201)
    asked = server.asked[0]
    assert (asked.method, asked.body, asked.headers["content-type"]) == ("POST", b'{"a":null}', "application/json")
    assert asked.headers["authorization"] == "Basic dTpw"


@pytest.mark.parametrize(
    ("status", "expected", "outcome"),
    [
        (500, None, "failed"),
        (404, None, "failed"),
        (404, 404, "succeeded"),
        (204, 200, "failed"),
        (204, [200, 204], "succeeded"),
    ],
)
async def test_a_status_is_expected_or_not(
    bench: Workbench, server: HttpServer, status: int, expected: object, outcome: str
) -> None:
    server.answers["/x"] = response(status, b"" if status == 204 else b"why")
    done = await call(bench, url=f"{server.url}/x", expected_status=expected)
    assert done.status == outcome
    if outcome == "failed":
        assert done.error is not None
        assert (done.error["type"], done.error["status"]) == ("http_status", status)


async def test_nobody_listens_is_a_connection_error(bench: Workbench) -> None:
    assert _error(await call(bench, url="http://127.0.0.1:1/")) == "connection_error"
    assert _error(await call(bench, url="http://no-such-host.invalid/")) == "connection_error"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "http://user:secret@example.com/",
        "http://exa\tmple.com/",
        "http://example.com/a b",
        "http://[::1",
        "http:///path",
        "javascript:alert(1)",
        "http://example.com\\@127.0.0.1/",
        "",
        "http://a:99999/",
    ],
)
async def test_odd_urls_are_refused(bench: Workbench, url: str) -> None:
    assert _error(await call(bench, url=url)) == "bad_url"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "localhost",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "10.0.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "168.63.129.16",
        "224.0.0.1",
        "[fe80::1]",
        "[fd00::1]",
        "[::7f00:1]",
    ],
)
async def test_the_public_policy_denies_what_is_not_public(public: Workbench, host: str) -> None:
    assert _error(await call(public, url=f"http://{host}/")) in ("egress_denied", "connection_error")
    if not host.startswith("0x"):
        assert _error(await call(public, url=f"http://{host}:80/")) == "egress_denied"


async def test_a_listed_pair_is_allowed(tmp_path: Path, server: HttpServer) -> None:
    server.answers["/x"] = response(200, b"ok")
    async with workbench(tmp_path, egress=f"public:127.0.0.1:{server.port}") as bench:
        assert (await call(bench, url=f"{server.url}/x")).result["body"] == "ok"
        assert _error(await call(bench, url="http://127.0.0.1:1/")) == "egress_denied"
    async with workbench(tmp_path, egress=f"allowlist:localhost:{server.port}") as bench:
        assert (await call(bench, url=f"http://localhost:{server.port}/x")).result["body"] == "ok"
        assert _error(await call(bench, url=f"{server.url}/x")) == "egress_denied"
    assert server.asked[-1].headers["host"] == f"localhost:{server.port}"


async def test_a_redirect_is_checked_again(tmp_path: Path, server: HttpServer) -> None:
    server.answers["/x"] = response(302, b"", "Location: http://169.254.169.254/latest")
    async with workbench(tmp_path, egress=f"public:127.0.0.1:{server.port}") as bench:
        assert _error(await call(bench, url=f"{server.url}/x")) == "egress_denied"


async def test_redirects_are_followed_and_end(bench: Workbench, server: HttpServer) -> None:
    server.answers["/a"] = response(303, b"", "Location: /b")
    server.answers["/b"] = response(200, b"there")
    server.answers["/loop"] = response(307, b"", "Location: /loop")
    done = await call(bench, url=f"{server.url}/a", method="POST", body="text")
    assert (done.result["body"], done.result["url"]) == ("there", f"{server.url}/b")
    assert (server.asked[1].method, server.asked[1].body) == ("GET", b"")
    assert _error(await call(bench, url=f"{server.url}/loop")) == "too_many_redirects"
    done = await call(bench, url=f"{server.url}/a", follow_redirects=False)
    assert done.result["status"] == 303


async def test_credentials_do_not_follow_to_another_origin(bench: Workbench, server: HttpServer) -> None:
    async with http_server() as other:
        server.answers["/a"] = response(302, b"", f"Location: {other.url}/b")
        other.answers["/b"] = response(200)
        await call(bench, url=f"{server.url}/a", auth={"token": "canary"}, headers={"Cookie": "c=1"})
        assert "canary" in server.asked[0].headers["authorization"]
        assert not {"authorization", "cookie"} & set(other.asked[0].headers)


async def test_cookies_of_one_call_are_not_sent_by_the_next(bench: Workbench, server: HttpServer) -> None:
    server.answers["/x"] = response(200, b"", "Set-Cookie: session=canary; Path=/")
    await call(bench, url=f"{server.url}/x")
    await call(bench, url=f"{server.url}/x")
    assert "cookie" not in server.asked[1].headers


async def test_a_gzip_bomb_is_cut(bench: Workbench, server: HttpServer) -> None:
    bomb = gzip.compress(b"\0" * (200 << 20), 9)
    server.answers["/x"] = response(200, bomb, "Content-Encoding: gzip")
    assert _error(await call(bench, url=f"{server.url}/x")) == "response_too_large"


async def test_a_compressed_body_is_read(bench: Workbench, server: HttpServer) -> None:
    server.answers["/x"] = response(200, gzip.compress(b"plain" * 50_000), "Content-Encoding: gzip")
    assert (await call(bench, url=f"{server.url}/x")).result["body"] == "plain" * 50_000


async def test_an_endless_body_is_cut(bench: Workbench, server: HttpServer) -> None:
    async def endless(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    server.answers["/x"] = endless
    assert _error(await call(bench, url=f"{server.url}/x")) == "response_too_large"


async def test_a_trickle_ends_by_the_deadline_of_the_whole_call(bench: Workbench, server: HttpServer) -> None:
    async def trickle(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    server.answers["/x"] = trickle
    async with asyncio.timeout(patient(3)):
        assert _error(await call(bench, url=f"{server.url}/x", timeout=0.4)) == "timeout"


async def test_half_a_megabyte_of_headers_is_an_error(bench: Workbench, server: HttpServer) -> None:
    server.answers["/x"] = response(200, b"", "X-Long: " + "y" * 500_000)
    assert _error(await call(bench, url=f"{server.url}/x")) == "connection_error"


async def test_a_header_cannot_smuggle_another(bench: Workbench, server: HttpServer) -> None:
    done = await call(bench, url=f"{server.url}/x", headers={"X-A": "1\r\nX-B: 2"})
    assert _error(done) == "input_error"
    assert server.asked == []


async def test_a_webhook_is_signed(bench: Workbench, server: HttpServer) -> None:
    server.answers["/hook"] = response(202)
    parameters = {"url": f"{server.url}/hook", "payload": {"n": 1}, "secret": "s3"}
    await bench.run(bench.job("native", "core.webhook", parameters=parameters, idempotency_key="key"))
    asked = server.asked[0]
    moment, given = (part.split("=")[1] for part in asked.headers["x-attune-signature"].split(","))
    assert given == hmac.new(b"s3", f"{moment}.".encode() + asked.body, hashlib.sha256).hexdigest()
    assert (asked.body, asked.headers["idempotency-key"]) == (b'{"n":1}', "key")


async def test_a_declared_call_is_filled_from_the_parameters(bench: Workbench, server: HttpServer) -> None:
    server.answers["/users/7"] = response(200, b'{"name": "x"}', "Content-Type: application/json")
    spec = {
        "url": server.url + "/users/{{ parameters.id }}",
        "method": "PUT",
        "headers": {"X-Team": "{{ parameters.team | default('none') }}"},
        "json": {"tags": "{{ parameters.tags }}"},
    }
    parameters = {"id": 7, "tags": ["{{ 7 * 7 }}"], "timeout": 5}
    done = await bench.run(bench.job("http", "", spec=spec, parameters=parameters))
    assert done.result["json"] == {"name": "x"}
    asked = server.asked[0]
    assert (asked.method, asked.headers["x-team"]) == ("PUT", "none")
    assert asked.body == b'{"tags":["{{ 7 * 7 }}"]}'


async def test_a_broken_template_of_a_declared_call_fails_readably(bench: Workbench) -> None:
    done = await bench.run(bench.job("http", "", spec={"url": "http://x/{{ parameters.nope.deep }}"}))
    assert _error(done) == "template_error"


def _error(done: ExecutionCompleted) -> str:
    assert done.status == "failed", done
    assert done.error is not None
    return str(done.error["type"])
