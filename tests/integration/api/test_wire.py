"""What comes over a bare socket: heads without end, smuggled requests, clients that never come to the point."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from fastapi import FastAPI
from tests.integration.api.conftest import ADMIN, Clients
from tests.support.waiting import until

from attune_api import routing
from attune_api.places import Arrivals
from attune_api.server import Api
from attune_cli.dev.services import _serving
from attune_cli.serving import listen, port_of
from attune_common.runtime import bounded_http

Send = Callable[..., Awaitable[bytes]]
AUTH = f"Authorization: Bearer {ADMIN}\r\n"
WHOAMI = b"GET /api/v1/whoami HTTP/1.1\r\nHost: attune\r\n\r\n"


@pytest.fixture
def database_url(shared_url: str) -> str:
    """Nothing here is kept, so one database is enough."""
    return shared_url


class Wire:
    def __init__(self, port: int) -> None:
        self._port = port

    async def __call__(self, *parts: bytes, pause: float = 0.0, patience: float = 20.0) -> bytes:
        """Everything that comes back until the server hangs up, or has said nothing for a moment after an answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        sending = asyncio.create_task(self._send(writer, parts, pause))
        try:
            async with asyncio.timeout(patience):
                return await self._read(reader)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            writer.close()

    async def _send(self, writer: asyncio.StreamWriter, parts: tuple[bytes, ...], pause: float) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        answer = b""
        while True:
            try:
                async with asyncio.timeout(0.5 if answer else None):
                    chunk = await reader.read(65536)
            except (TimeoutError, ConnectionResetError):
                return answer
            if not chunk:
                return answer
            answer += chunk


@pytest.fixture(params=["api", "dev"])
async def wire(request: pytest.FixtureRequest, clients: Clients) -> AsyncIterator[Wire]:
    """As `attune api` serves it, and as `attune dev` does."""
    app: FastAPI = clients.app
    if request.param == "api":
        api = Api(app, "127.0.0.1", 0)
        await api.start()
        yield Wire(api.port)
        await api.stop(1)
        return
    listening = listen("127.0.0.1", 0)
    serving = _serving(app, listening)
    port = port_of(listening)
    await serving.start()
    yield Wire(port)
    await serving.stop(1)


def _statuses(answer: bytes) -> list[int]:
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


async def _is_alive(wire: Wire) -> bool:
    return _statuses(await wire(WHOAMI)) == [401]


async def test_a_head_has_an_end(wire: Wire) -> None:
    filler = b"X-Filler: " + b"a" * 1000 + b"\r\n"
    answer = await wire(b"GET /api/v1/whoami HTTP/1.1\r\nHost: attune\r\n", *([filler] * 1000))
    assert _statuses(answer)[:1] in ([431], [])
    long_line = b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: attune\r\n\r\n"
    assert _statuses(await wire(long_line))[:1] in ([431], [400], [])
    many = b"".join(b"X-%d: 1\r\n" % number for number in range(20_000))
    assert _statuses(await wire(b"GET / HTTP/1.1\r\nHost: a\r\n" + many + b"\r\n"))[:1] in ([431], [])
    assert await _is_alive(wire)


async def test_a_head_that_drips_is_hung_up_on(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "HEAD_SECONDS", 0.3)
    drips = [b"GET /api/v1/whoami HTTP/1.1\r\n", *(b"X-%d: 1\r\n" % number for number in range(400))]
    assert await wire(*drips, pause=0.05) == b""
    assert await wire() == b""
    assert await _is_alive(wire)


async def test_a_body_that_drips_gets_408(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "BODY_SECONDS", 0.3)
    answer = await wire(POST + b"Content-Length: 1000\r\n\r\n", *([b" "] * 100), pause=0.05)
    assert _statuses(answer)[:1] == [408]
    assert b"request_timeout" in answer


SMUGGLED = b"GET /api/v1/secrets HTTP/1.1\r\nHost: a\r\n\r\n"
JSON = b"Content-Type: application/json\r\n"
POST = b"POST /api/v1/events HTTP/1.1\r\nHost: a\r\n" + AUTH.encode() + JSON


TWO_MEANINGS = [
    POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    POST + b"Content-Length: 2\r\nContent-Length: 44\r\n\r\n{}" + SMUGGLED,
    POST + b"Content-Length: +2\r\n\r\n{}",
    POST + b"Content-Length: -1\r\n\r\n{}",
    POST + b"Content-Length: 0x2\r\n\r\n{}",
    POST + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n",
    POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    POST + b"X: 1\r\n folded: yes\r\nContent-Length: 2\r\n\r\n{}",
    POST + b"X\x00Y: 1\r\n\r\n",
    b"GET /api/v1/whoami HTTP/1.1\r\n\r\n\r\nGET",
    b"GET /api/v1/whoami HTTP/9.9\r\nHost: a\r\n\r\n",
    b"GET  /api/v1/whoami HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\x00" * 5000,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET http://other/api/v1/whoami HTTP/1.1\r\nHost: a\r\n\r\n",
    b"CONNECT other:443 HTTP/1.1\r\nHost: other\r\n\r\n",
    b"GET /api/v1/whoami HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
]


async def test_requests_that_mean_two_things_mean_none(wire: Wire) -> None:
    """Whatever follows is never served as somebody's request, and nothing breaks."""
    answers = await asyncio.gather(*(wire(request, patience=15.0) for request in TWO_MEANINGS))
    for request, answer in zip(TWO_MEANINGS, answers, strict=True):
        assert all(400 <= status < 500 for status in _statuses(answer)), (request, answer)
        assert b'"items"' not in answer, request
    assert await _is_alive(wire)


async def test_what_stands_in_an_address_or_a_header_comes_back_as_text(wire: Wire) -> None:
    for path in (b"/api/v1/packs/%0d%0aX-Evil:%201", b"/api/v1/kv/%0aa", b"/api/v1/executions?cursor=%0d%0aX-Evil:1"):
        answer = await wire(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n" + AUTH.encode() + b"\r\n")
        head = answer.partition(b"\r\n\r\n")[0].lower()
        assert b"x-evil" not in head
        assert _statuses(answer)[0] in (404, 422)
    evil = b"GET /api/v1/whoami HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil\r\nX-Request-ID: <b>\r\n\r\n"
    answer = await wire(evil)
    assert b"evil" not in answer
    body = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert body["code"] == "unauthenticated"


async def test_two_requests_on_one_connection_are_two(wire: Wire) -> None:
    assert _statuses(await wire(WHOAMI + WHOAMI)) == [401, 401]


async def test_bodies_that_drip_keep_no_body_out(wire: Wire, clients: Clients) -> None:
    """Of more than may come at once those that take the longest are given up; others are answered as ever."""
    clients.app.state.context.arrivals = Arrivals(3)
    async with asyncio.TaskGroup() as group:
        dripping = [group.create_task(wire(POST + b"Content-Length: 1000\r\n\r\n{")) for _ in range(3)]
        await until(lambda: len(clients.app.state.context.arrivals) == 3)
        answer = await wire(POST + b"Content-Length: 2\r\n\r\n{}")
        assert _statuses(answer) == [422]
        done, _ = await asyncio.wait(dripping, return_when=asyncio.FIRST_COMPLETED)
        assert [_statuses(task.result())[0] for task in done] == [408]
        for task in dripping:
            task.cancel()
