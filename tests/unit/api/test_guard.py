"""More requests than can be answered: those beyond the limit are told so at once, and nobody else notices."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from attune_api.guard import Guard
from tests.support.waiting import until


class Slow:
    """Answers when it is let; `/stream` begins at once and ends then."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.inside += 1
        path = Request(scope).url.path
        if path == "/slow":
            await self.go_on.wait()
        response = StreamingResponse(self._until_let()) if path == "/stream" else PlainTextResponse("done")
        await response(scope, receive, send)

    async def _until_let(self):  # type: ignore[no-untyped-def]
        yield b"begun"
        await self.go_on.wait()


def client(app: Slow, at_once: int) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=Guard(app, at_once)), base_url="http://attune")


async def test_what_is_beyond_the_limit_is_refused_at_once_and_let_in_later() -> None:
    app = Slow()
    async with client(app, 2) as http:
        waiting = [asyncio.create_task(http.get("/slow")) for _ in range(2)]
        await until(lambda: app.inside == 2)
        refused = await http.get("/any")
        assert (refused.status_code, refused.json()["code"]) == (503, "too_busy")
        assert int(refused.headers["retry-after"]) >= 1
        assert (await http.get("/health/ready")).status_code == 200
        app.go_on.set()
        assert [(await answer).status_code for answer in waiting] == [200, 200]
        assert (await http.get("/any")).status_code == 200


async def test_streams_and_requests_that_are_given_up_hold_no_place() -> None:
    app = Slow()
    async with client(app, 1) as http:
        streaming = asyncio.create_task(http.get("/stream"))
        await until(lambda: app.inside == 1)
        given_up = asyncio.create_task(http.get("/slow"))
        await until(lambda: app.inside == 2)
        assert (await http.get("/any")).status_code == 503
        given_up.cancel()
        await asyncio.wait([given_up])
        assert (await http.get("/any")).status_code == 200
        app.go_on.set()
        assert (await streaming).status_code == 200


async def _told_of_start(problem: Exception | None) -> list[Message]:
    """What the server hears of an app that fails while it starts; without a problem it is stopped meanwhile."""
    began, told = asyncio.Event(), list[Message]()

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        began.set()
        if problem:
            raise problem
        await asyncio.Event().wait()
        yield

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        told.append(message)

    starting = asyncio.create_task(Guard(Starlette(lifespan=lifespan), 1)({"type": "lifespan"}, receive, send))
    await began.wait()
    if not problem:
        starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    return told


async def test_who_is_stopped_while_it_starts_has_no_trace_to_tell() -> None:
    assert await _told_of_start(None) == [{"type": "lifespan.startup.failed"}]


async def test_why_a_start_failed_is_told() -> None:
    [told] = await _told_of_start(RuntimeError("no such luck"))
    assert "no such luck" in told["message"]
