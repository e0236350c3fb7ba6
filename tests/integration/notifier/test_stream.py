"""The live stream over HTTP: a real server, a real client, the bus in memory."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from tests.support.waiting import until

from attune_common.bus.bus import Bus
from attune_common.bus.memory import MemoryBus
from attune_common.contracts.base import Message
from attune_common.contracts.envelope import pack
from attune_common.contracts.event import EventCreated
from attune_common.contracts.execution import ExecutionLog, ExecutionStatusChanged, LogLine
from attune_common.contracts.workflow import TaskScheduled, WorkflowStarted
from attune_common.runtime.health import Health
from attune_common.runtime.settings import Settings
from attune_notifier import feed
from attune_notifier import stream as stream_module
from attune_notifier.access import AccessUnknown, Authorise, Sight
from attune_notifier.app import Notifier
from attune_notifier.server import Server, create_app


@dataclass
class Stream:
    """What a client has received: (event, data, id) each; comments are kept apart."""

    status: int = 0
    headers: Any = None
    events: list[tuple[str, Any, str]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    ended: bool = False
    body: bytes = b""

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.events]

    async def read(self, answer: httpx2.Response) -> None:
        fields: dict[str, str] = {}
        async for line in answer.aiter_lines():
            if line.startswith(":"):
                self.comments.append(line[1:].strip())
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "event" in fields:
                self.events.append((fields["event"], json.loads(fields["data"]), fields.get("id", "")))
                fields = {}
            else:
                fields = {}


class House:
    """A notifier behind a server, and clients."""

    def __init__(self, bus: Bus, authorise: Authorise, ping: float) -> None:
        self.bus = bus
        self.looked: list[tuple[str, int]] = []
        self.tickets = {"ticket": "good"}
        self.notifier = Notifier(bus, Settings(), authorise=authorise, look=self._look, take=self._take, ping=ping)
        health = Health(bus=lambda: bus.healthy)
        self.server = Server(create_app(self.notifier.router, health), "127.0.0.1", 0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def _look(self, _token: str, noun: str, id: int) -> bool:
        """Even numbers belong to everybody."""
        self.looked.append((noun, id))
        return id % 2 == 0

    async def _take(self, ticket: str) -> str:
        return self.tickets.pop(ticket, "")

    async def publish(self, *messages: Message) -> None:
        await self.bus.publish(pack([(message, "") for message in messages], "attune/test"))

    @asynccontextmanager
    async def stream(self, query: str = "", token: str = "good", **headers: str) -> AsyncIterator[Stream]:
        """An open stream that has said hello, or the refusal."""
        stream = Stream()
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        task = asyncio.create_task(self._follow(stream, query, {**sent, **headers}))
        try:
            await until(lambda: stream.comments or stream.ended)
            yield stream
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _follow(self, stream: Stream, query: str, headers: dict[str, str]) -> None:
        url = f"{self.url}/api/v1/stream{query}"
        try:
            async with httpx2.AsyncClient(timeout=30) as http, http.stream("GET", url, headers=headers) as answer:
                stream.status, stream.headers = answer.status_code, answer.headers
                if answer.status_code == 200:
                    await stream.read(answer)
                else:
                    stream.body = await answer.aread()
        finally:
            stream.ended = True


async def only_good(token: str) -> Sight | None:
    if token == "unknown":
        raise AccessUnknown("the API sleeps")
    return {"good": Sight(True), "of-a-pack": Sight(False, frozenset({"mine"}))}.get(token)


@asynccontextmanager
async def open_house(ping: float = 10.0, bus: Bus | None = None) -> AsyncIterator[House]:
    """A notifier of its own, on a bus of its own unless it is given one."""
    own = bus or MemoryBus()
    await own.start()
    house = House(own, only_good, ping)
    await house.notifier.start()
    await house.server.start()
    try:
        yield house
    finally:
        await house.notifier.stop()
        await house.server.stop(5)
        if bus is None:
            await own.stop()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house() as house:
        yield house


def status(execution: int, run: int | None = None, root: int | None = None) -> ExecutionStatusChanged:
    return ExecutionStatusChanged(
        execution_id=execution, action_ref="p.a", status="running", workflow_execution_id=run, root_id=root
    )


def started(execution: int, run: int) -> WorkflowStarted:
    return WorkflowStarted(execution_id=execution, workflow_id=1, workflow_execution_id=run, workflow_ref="p.w")


def log(execution: int) -> ExecutionLog:
    line = LogLine(seq=1, stream="stdout", time=datetime.now(UTC), line="hello")
    return ExecutionLog(execution_id=execution, attempt=1, lines=[line])


async def test_a_message_arrives_with_type_data_and_number(house: House) -> None:
    async with house.stream() as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        await house.publish(status(7))
        await until(lambda: stream.events)
        name, data, number = stream.events[0]
        assert name == "execution.status"
        assert data["execution_id"] == 7
        assert data["status"] == "running"
        assert re.fullmatch(r"\d+-0-[0-9a-f]{8}", number)


async def test_an_execution_is_followed_with_all_that_is_a_part_of_it(house: House) -> None:
    async with house.stream("?execution=1") as stream, house.stream("?workflow_execution=20") as inner:
        await house.publish(started(1, 10), TaskScheduled(workflow_execution_id=10, task_name="sub", execution_id=2))
        await house.publish(started(2, 20), started(99, 990))
        await house.publish(status(3, 20, 1), status(991, 990, 99))
        await house.publish(TaskScheduled(workflow_execution_id=20, task_name="leaf"))
        await until(lambda: len(stream.events) >= 5)
        assert stream.names == [
            "workflow.started",
            "workflow.task.scheduled",
            "workflow.started",
            "execution.status",
            "workflow.task.scheduled",
        ]
        assert 99 not in {data.get("execution_id") for _, data, _ in stream.events}
        await until(lambda: len(inner.events) >= 3)
        assert sorted(inner.names) == ["execution.status", "workflow.started", "workflow.task.scheduled"]


async def test_log_lines_come_only_to_those_who_ask_for_that_execution(house: House) -> None:
    async with house.stream("?execution=3") as own, house.stream("?execution=1") as parent, house.stream() as all_of_it:
        await house.publish(started(1, 10), status(3, 10, 1))
        await house.publish(log(3))
        await house.publish(status(3, 10, 1))
        await until(lambda: "execution.log" in own.names)
        await until(lambda: all_of_it.names.count("execution.status") == 2)
        await until(lambda: parent.names.count("execution.status") == 2)
        assert "execution.log" not in parent.names + all_of_it.names


async def test_types_may_be_patterns(house: House) -> None:
    async with house.stream("?type=workflow.task.*,execution.status&type=nothing") as stream:
        await house.publish(started(1, 10), TaskScheduled(workflow_execution_id=10, task_name="t"), status(1))
        await until(lambda: len(stream.events) == 2)
        assert sorted(stream.names) == ["execution.status", "workflow.task.scheduled"]


@pytest.mark.parametrize(
    ("token", "expected", "code"),
    [("bad", 401, "unauthenticated"), ("", 401, "unauthenticated"), ("unknown", 503, "api_unavailable")],
)
async def test_who_may_not_listen(house: House, token: str, expected: int, code: str) -> None:
    async with house.stream(token=token) as stream:
        await until(lambda: stream.ended)
        assert stream.status == expected
        assert stream.headers["content-type"] == "application/problem+json"
        assert json.loads(stream.body)["code"] == code


async def test_a_parameter_of_a_wrong_form_is_told(house: House) -> None:
    async with house.stream("?execution=abc") as stream:
        await until(lambda: stream.ended)
        problem = json.loads(stream.body)
        assert (stream.status, problem["code"]) == (422, "invalid_parameter")
        assert problem["errors"][0]["path"] == "query.execution"


async def test_a_silent_stream_is_pinged() -> None:
    async with open_house(ping=0.05) as house, house.stream() as stream:
        await until(lambda: stream.comments.count("ping") >= 2)


@pytest.mark.parametrize("place", ["17", "17-0-abc", "x", "99999999999999999-3-ffffffff"])
async def test_who_comes_back_from_a_place_that_is_not_kept_is_told_to_look_again(house: House, place: str) -> None:
    await house.publish(status(1))
    async with house.stream("?execution=1", **{"Last-Event-ID": place}) as stream:
        await until(lambda: stream.events)
        assert stream.events[0] == ("resync", {}, "")
        await house.publish(status(1))
        await until(lambda: len(stream.events) == 2)


async def test_who_comes_back_gets_what_was_missed_once_and_in_order(house: House) -> None:
    async with house.stream("?type=execution.status") as stream:
        await house.publish(*(status(number) for number in range(1, 4)))
        await until(lambda: len(stream.events) == 3)
    await house.publish(*(status(number) for number in range(4, 300)))
    place = stream.events[1][2]
    async with house.stream("?type=execution.status", **{"Last-Event-ID": place}) as again:
        await house.publish(*(status(number) for number in range(300, 400)))
        await until(lambda: len(again.events) >= 397)
        assert [data["execution_id"] for _, data, _ in again.events] == list(range(3, 400))


async def test_kinds_and_filters(house: House) -> None:
    async with (
        house.stream("?kind=executions&status=failed") as failed,
        house.stream("?kind=workflows,events&ref=p.w") as ours,
        house.stream("?pack=q") as of_pack,
    ):
        await house.publish(status(1), status(2).model_copy(update={"status": "failed"}), started(3, 30))
        await house.publish(EventCreated(event_id=1, trigger_ref="q.t"))
        await until(lambda: failed.events and ours.events and of_pack.events)
        assert [data["execution_id"] for _, data, _ in failed.events] == [2]
        assert ours.names == ["workflow.started"]
        assert of_pack.names == ["event.created"]
    async with house.stream("?kind=nothing") as unknown:
        await until(lambda: unknown.ended)
        assert unknown.status == 422


async def test_who_has_a_role_on_a_pack_sees_what_belongs_to_it_and_what_the_api_shows(house: House) -> None:
    async with house.stream(token="of-a-pack") as stream:
        mine = status(1).model_copy(update={"action_ref": "mine.a"})
        await house.publish(mine, status(3), status(4), status(4), status(5))
        await house.publish(EventCreated(event_id=1, trigger_ref="p.t"), EventCreated(event_id=2, trigger_ref="mine.t"))
        await until(lambda: "event.created" in stream.names)
        assert [data.get("execution_id") for _, data, _ in stream.events] == [1, 4, 4, None]
        assert house.looked == [("executions", 3), ("executions", 4), ("executions", 5)]


async def test_no_fencing_token_leaves_the_house(house: House) -> None:
    async with house.stream("?execution=3") as stream:
        await house.publish(log(3).model_copy(update={"token": "fencing"}))
        await until(lambda: stream.events)
        assert "token" not in stream.events[0][1]


async def test_nothing_is_read_while_nobody_listens(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert house.notifier.feed.position is None
    await house.publish(status(1))
    assert house.notifier.feed.position is None
    monkeypatch.setattr(feed, "IDLE_SECONDS", 0.0)
    async with house.stream() as stream:
        await house.publish(status(2))
        await until(lambda: stream.events)
    await until(lambda: house.notifier.feed.is_resting, 15)


async def test_a_client_that_takes_nothing_is_cut_off(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "STUCK_SECONDS", 0.3)
    _reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
    writer.write(b"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n")
    await until(lambda: house.notifier.streams == 1)
    big = started(1, 1).model_copy(update={"workflow_ref": "p." + "w" * 200_000})
    for _ in range(60):
        await house.publish(big)
    await until(lambda: house.notifier.streams == 0)
    writer.close()


async def test_a_client_that_left_is_forgotten() -> None:
    async with open_house(ping=0.05) as house:
        async with house.stream():
            await until(lambda: house.notifier.streams == 1)
        await until(lambda: house.notifier.streams == 0)


async def test_stopping_the_notifier_ends_the_streams(house: House) -> None:
    async with house.stream() as stream:
        await house.notifier.stop()
        await until(lambda: stream.ended)
        assert stream.status == 200


async def test_health_and_metrics(house: House) -> None:
    async with httpx2.AsyncClient(base_url=house.url) as http:
        assert (await http.get("/health/live")).status_code == 200
        assert (await http.get("/health/ready")).status_code == 200
        assert "attune_notifier_streams" in (await http.get("/metrics")).text
        await house.bus.stop()
        assert (await http.get("/health/ready")).status_code == 503


async def test_a_page_comes_with_a_ticket_one_time(house: House) -> None:
    async with house.stream("?kind=executions&ticket=ticket", token="") as stream:
        await house.publish(status(1))
        await until(lambda: stream.names == ["execution.status"])
        async with house.stream("?kind=executions&ticket=ticket", token="") as again:
            assert again.status == 401


async def test_pages_of_other_origins_may_not_listen(house: House) -> None:
    async with house.stream("?ticket=ticket", token="", Origin="https://evil.example") as stream:
        assert (stream.status, json.loads(stream.body)["code"]) == (403, "foreign_origin")
    assert house.tickets == {"ticket": "good"}
    async with house.stream("?ticket=ticket", token="", Origin=house.url) as stream:
        assert stream.status == 200
