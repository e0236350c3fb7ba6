"""The notifier asks the API about tokens, not too often, and never lets in who is unknown."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, Request, Response

from attune_common.runtime import json
from attune_common.runtime.health import Health
from attune_notifier.access import KEPT_SECONDS, AccessUnknown, ApiAccess
from attune_notifier.server import Server, create_app


class FakeApi:
    """`whoami` as the API answers it. `reads` are the tokens of readers, `workers` those of workers."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.reads = {"reader"}
        self.workers = {"worker"}
        self.status = 0
        router = APIRouter()
        router.add_api_route("/api/v1/whoami", self._whoami)
        self.server = Server(create_app(router, Health()), "127.0.0.1", 0)

    async def _whoami(self, request: Request) -> Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        self.asked.append(token)
        if self.status or token not in self.reads | self.workers:
            return Response(status_code=self.status or 401)
        permissions = ["identified", "public", "read"] if token in self.reads else ["content", "identified", "public"]
        return Response(json.dumps({"login": "x", "role": "x", "permissions": permissions}))


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    api = FakeApi()
    await api.server.start()
    try:
        yield api
    finally:
        await api.server.stop(1)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def access(api: FakeApi, clock: Clock) -> AsyncIterator[ApiAccess]:
    access = ApiAccess(f"http://127.0.0.1:{api.server.port}/", clock)
    try:
        yield access
    finally:
        await access.close()


async def test_readers_may_listen_workers_and_strangers_may_not(access: ApiAccess) -> None:
    assert await access("reader")
    assert not await access("worker")
    assert not await access("stranger")
    assert not await access("")


async def test_the_answer_is_kept_for_a_minute(api: FakeApi, access: ApiAccess, clock: Clock) -> None:
    for _ in range(3):
        assert await access("reader")
    assert api.asked == ["reader"]
    api.reads.clear()
    clock.now = KEPT_SECONDS + 1
    assert not await access("reader")
    assert api.asked == ["reader", "reader"]


async def test_an_api_in_trouble_is_neither_yes_nor_no(api: FakeApi, access: ApiAccess) -> None:
    api.status = 503
    with pytest.raises(AccessUnknown):
        await access("reader")
    api.status = 0
    assert await access("reader")


async def test_an_api_that_is_away_is_neither_yes_nor_no(api: FakeApi, access: ApiAccess) -> None:
    await api.server.stop(1)
    with pytest.raises(AccessUnknown):
        await access("reader")
