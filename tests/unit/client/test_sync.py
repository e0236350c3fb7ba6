"""The blocking client against a real server of a few answers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Response

from attune_cli.serving import Serving, listen, port_of
from attune_client import Attune
from attune_client.errors import ApiError, ApiUnreachable


@pytest.fixture
def url() -> Iterator[str]:
    """A server on a thread of its own."""
    app = FastAPI()
    statuses = iter(["running", "completed"])

    @app.get("/api/v1/packs")
    async def packs() -> dict[str, object]:
        return {"items": [{"ref": "core"}], "next": None}

    @app.get("/api/v1/executions/7")
    async def execution() -> dict[str, object]:
        return {"id": 7, "status": next(statuses)}

    @app.get("/health/ready")
    async def ready() -> Response:
        return Response('{"status": "no"}', 503, media_type="application/json")

    loop, listening = asyncio.new_event_loop(), listen("127.0.0.1", 0)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    serving = Serving(app, listening)
    asyncio.run_coroutine_threadsafe(serving.start(), loop).result()
    yield f"http://127.0.0.1:{port_of(listening)}"
    asyncio.run_coroutine_threadsafe(serving.stop(1), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_calls_are_waited_for_and_errors_come_out(url: str) -> None:
    with Attune(url, "att_x_secret") as attune:
        assert attune.call(lambda api: api.packs.list()) == [{"ref": "core"}]
        assert attune.call(lambda api: api.ready()) == {"status": "no", "ready": False}
        with pytest.raises(ApiError) as caught:
            attune.call(lambda api: api.packs.get("none"))
        assert caught.value.status == 404


def test_watching_ends_with_the_execution(url: str) -> None:
    with Attune(url) as attune:
        assert [snapshot.execution["status"] for snapshot in attune.watch(7)] == ["running", "completed"]


def test_nobody_there() -> None:
    with Attune("http://127.0.0.1:1") as attune, pytest.raises(ApiUnreachable):
        attune.call(lambda api: api.packs.list())
