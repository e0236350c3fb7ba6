"""The notifier asks the API about tokens, not too often, and never lets in who is unknown."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, Request, Response

from attune_common.runtime import json
from attune_common.runtime.health import Health
from attune_notifier.access import KEPT_SECONDS, AccessUnknown, ApiAccess, Sight
from attune_notifier.server import Server, create_app


class FakeApi:
    """`whoami` as the API answers it. `reads` are the tokens of readers, `workers` those of workers."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.reads = {"reader"}
        self.workers = {"worker", "of-a-pack"}
        self.status = 0
        router = APIRouter()
        router.add_api_route("/api/v1/whoami", self._whoami)
        router.add_api_route("/api/v1/executions/{id}", self._execution)
        router.add_api_route("/api/v1/tickets/take", self._take, methods=["POST"])
        self.server = Server(create_app(router, Health()), "127.0.0.1", 0)

    async def _whoami(self, request: Request) -> Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        self.asked.append(token)
        if self.status or token not in self.reads | self.workers:
            return Response(status_code=self.status or 401)
        permissions = ["identified", "public", "read"] if token in self.reads else ["content", "identified", "public"]
        packs = {"mine": ["read"], "other": []} if token == "of-a-pack" else {}
        return Response(json.dumps({"login": "x", "role": "x", "permissions": permissions, "packs": packs}))

    async def _take(self, request: Request) -> Response:
        if self.status or (await request.json())["ticket"] != "ticket":
            return Response(status_code=self.status or 401)
        return Response(json.dumps({"token": "reader"}))

    async def _execution(self, id: int) -> Response:
        return Response(status_code={1: 200, 2: 404}.get(id, 500))


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
    assert await access("reader") == Sight(True)
    assert await access("of-a-pack") == Sight(False, frozenset({"mine"}))
    assert await access("worker") is None
    assert await access("stranger") is None
    assert await access("") is None


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


async def test_single_things_are_seen_as_the_api_shows_them(access: ApiAccess) -> None:
    assert await access.may_see("of-a-pack", "executions", 1)
    assert not await access.may_see("of-a-pack", "executions", 2)
    with pytest.raises(AccessUnknown):
        await access.may_see("of-a-pack", "executions", 3)


async def test_a_ticket_is_worth_a_token(access: ApiAccess, api: FakeApi) -> None:
    assert await access.take("ticket") == "reader"
    assert await access.take("another") == ""
    api.status = 500
    with pytest.raises(AccessUnknown):
        await access.take("ticket")
