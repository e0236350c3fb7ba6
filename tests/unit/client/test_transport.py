"""Requests, pages and errors."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
import pytest

from attune_client.discovery import Address
from attune_client.errors import ApiError, ApiUnreachable
from attune_client.transport import Transport
from tests.support.certificates import server_context
from tests.unit.client.scripted import transport


async def test_the_token_goes_with_every_request_and_none_parameters_do_not() -> None:
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json={"fine": True})

    assert await transport(answer).get("/packs", {"limit": 3, "cursor": None}) == {"fine": True}
    assert seen[0].headers["authorization"] == "Bearer att_x_secret"
    assert str(seen[0].url) == "http://attune.test/api/v1/packs?limit=3"


async def test_pages_are_followed_to_the_last() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        cursor = request.url.params.get("cursor")
        pages = {
            None: {"items": [1, 2], "next": "a"},
            "a": {"items": [3], "next": "b"},
            "b": {"items": [], "next": None},
        }
        return httpx2.Response(200, json=pages[cursor])

    assert [item async for item in transport(answer).pages("/things")] == [1, 2, 3]


async def test_a_problem_keeps_its_code_hint_places_and_request() -> None:
    body = {
        "code": "invalid_definition",
        "detail": "2 problems",
        "hint": "look at them",
        "errors": [{"file": "a.yaml", "line": 3, "column": 5, "message": "no"}, {"path": "x", "message": "nor"}],
        "request_id": "r-1",
    }
    with pytest.raises(ApiError) as caught:
        await transport(lambda _: httpx2.Response(422, json=body)).get("/packs")
    error = caught.value
    assert (error.status, error.code, error.message, error.hint) == (
        422,
        "invalid_definition",
        "2 problems",
        "look at them",
    )
    assert [problem.get("line") for problem in error.problems] == [3, None]
    assert error.request_id == "r-1"


async def test_an_error_without_a_problem_document_is_an_error_too() -> None:
    with pytest.raises(ApiError) as caught:
        await transport(lambda _: httpx2.Response(502, text="<html>bad gateway</html>")).get("/packs")
    assert caught.value.code == "http_502"


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [(httpx2.ConnectError("refused"), "nobody answers"), (httpx2.ReadTimeout("slow"), "did not answer in time")],
)
async def test_nobody_there_names_the_address_and_where_it_comes_from(failure: Exception, sentence: str) -> None:
    def answer(_: httpx2.Request) -> httpx2.Response:
        raise failure

    with pytest.raises(ApiUnreachable, match=sentence) as caught:
        await transport(answer).get("/packs")
    assert "http://attune.test (from the test)" in caught.value.message
    assert caught.value.hint


async def test_a_connection_that_is_lost_while_it_is_made_is_an_api_out_of_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lost(*_: object) -> httpx2.Response:
        raise AttributeError("'NoneType' object has no attribute 'getpeername'")

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", lost)
    async with Transport(Address("http://attune.test", "att_x", "a test")) as made:
        with pytest.raises(ApiUnreachable):
            await made.get("/packs")


async def test_a_server_whose_certificate_nobody_vouches_for_gets_no_token(tmp_path: Path) -> None:
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_context(tmp_path))
    async with server, Transport(Address(f"https://127.0.0.1:{port_of(server)}", "att_x_secret", "a test")) as there:
        with pytest.raises(ApiUnreachable):
            await there.get("/packs")
    assert got == []


def port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])
