"""The live stream over a WebSocket: several subscriptions, rights, resuming, what is not understood."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.integration.notifier.test_stream import House, open_house, started, status
from tests.support.waiting import until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from attune_common.contracts.event import EventCreated


class Socket:
    """An open socket, and what has come over it."""

    def __init__(self, raw: ClientConnection) -> None:
        self.raw = raw
        self.heard: list[dict[str, Any]] = []
        self.closed = 0
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for text in self.raw:
                self.heard.append(json.loads(text))
        except ConnectionClosed:
            pass
        self.closed = self.raw.close_code or 1

    async def say(self, **message: Any) -> None:
        await self.raw.send(json.dumps(message))

    async def subscribe(self, name: str, **wish: Any) -> None:
        await self.say(subscribe=name, **wish)
        await until(lambda: {"subscription": name, "type": "subscribed"} in self.heard)

    def of(self, name: str) -> list[dict[str, Any]]:
        return [one for one in self.heard if one.get("subscription") == name and "data" in one]


@asynccontextmanager
async def open_socket(house: House, query: str = "", token: str = "good", **headers: str) -> AsyncIterator[Socket]:
    sent = {**({"Authorization": f"Bearer {token}"} if token else {}), **headers}
    url = f"{house.url.replace('http', 'ws')}/api/v1/stream/ws{query}"
    async with connect(url, additional_headers=sent, proxy=None) as raw:
        yield Socket(raw)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house() as house:
        yield house


async def test_subscriptions_of_one_socket_are_told_apart(house: House) -> None:
    async with open_socket(house) as socket:
        await socket.subscribe("one", execution=1)
        await socket.subscribe("events", kinds=["events"])
        await house.publish(started(1, 10), started(2, 20))
        await house.publish(EventCreated(event_id=5, trigger_ref="p.t"))
        await until(lambda: socket.of("one") and socket.of("events"))
        (told,) = socket.of("one")
        assert (told["type"], told["data"]["execution_id"]) == ("workflow.started", 1)
        assert [one["data"]["event_id"] for one in socket.of("events")] == [5]
        await socket.say(unsubscribe="events")
        await until(lambda: {"subscription": "events", "type": "unsubscribed"} in socket.heard)
        await until(lambda: house.notifier.streams == 1)
    await until(lambda: house.notifier.streams == 0)


async def test_a_subscription_by_the_address_and_one_that_goes_on_where_it_was(house: House) -> None:
    async with open_socket(house, "?kind=executions&status=running") as socket:
        await until(lambda: socket.heard)
        await house.publish(status(1), status(2))
        await until(lambda: len(socket.of("main")) == 2)
    await house.publish(status(3), status(4))
    async with open_socket(house) as again:
        await again.subscribe("x", after=socket.of("main")[0]["id"])
        await house.publish(status(5))
        await until(lambda: len(again.of("x")) == 4)
        assert [one["data"]["execution_id"] for one in again.of("x")] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    "message",
    ["no json", "[]", "{}", '{"subscribe": "x", "execution": "7"}', '{"subscribe": "x", "kinds": ["nonsense"]}',
     '{"subscribe": ""}', '{"unsubscribe": "nobody"}', '{"subscribe": "main"}', '{"subscribe": "x", "more": 1}',
     '{"subscribe": "x", "execution": 9223372036854775808}', "x" * 20_000],
)  # fmt: skip
async def test_what_is_not_understood_is_told_and_ends_nothing(house: House, message: str) -> None:
    async with open_socket(house, "?execution=1") as socket:
        await until(lambda: socket.heard)
        await socket.raw.send(message)
        await until(lambda: any(one["type"] == "error" for one in socket.heard))
        await house.publish(status(1))
        await until(lambda: socket.of("main"))


async def test_who_may_not_listen_gets_no_socket(house: House) -> None:
    for token, headers, expected in (("bad", {}, 401), ("unknown", {}, 503), ("good", {"Origin": "http://evil"}, 403)):
        with pytest.raises(InvalidStatus) as refused:
            async with open_socket(house, token=token, **headers):
                pass
        assert refused.value.response.status_code == expected


async def test_a_page_says_its_token_first(house: House) -> None:
    async with open_socket(house, token="") as socket:
        await socket.say(token="good")
        await socket.subscribe("x")
        await socket.say(ping=1)
        await until(lambda: {"type": "pong"} in socket.heard)
    async with open_socket(house, token="") as socket:
        await socket.say(token="bad")
        await until(lambda: socket.closed == 4401)


async def test_stopping_the_notifier_closes_sockets(house: House) -> None:
    async with open_socket(house, "?kind=executions") as socket:
        await until(lambda: socket.heard)
        await house.notifier.stop()
        await until(lambda: socket.closed == 1001)


async def test_no_more_subscriptions_than_are_served(house: House) -> None:
    async with open_socket(house) as socket:
        for number in range(51):
            await socket.say(subscribe=f"s{number}")
        await until(lambda: any(one["type"] == "error" for one in socket.heard))
        assert house.notifier.streams == 50


async def test_a_page_comes_with_a_ticket_one_time(house: House) -> None:
    async with open_socket(house, "?ticket=ticket", token="", Origin=house.url) as socket:
        await socket.subscribe("one", execution=1)
        assert house.notifier.streams == 1
    with pytest.raises(InvalidStatus) as refused:
        async with open_socket(house, "?ticket=ticket", token=""):
            pass
    assert refused.value.response.status_code == 401


async def test_the_ticket_of_an_address_is_no_subscription(house: House) -> None:
    async with open_socket(house, "?ticket=ticket&execution=1", token="") as socket:
        await until(lambda: {"subscription": "main", "type": "subscribed"} in socket.heard)
