"""The live stream over HTTP: a real server, a real client, the bus in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from tests.support.waiting import until

from attune_common.bus.memory import MemoryBus
from attune_common.contracts.base import Message
from attune_common.contracts.envelope import pack
from attune_common.contracts.execution import ExecutionLog, ExecutionStatusChanged, LogLine
from attune_common.contracts.workflow import TaskScheduled, WorkflowStarted
from attune_common.runtime.health import Health
from attune_common.runtime.settings import Settings
from attune_notifier.access import AccessUnknown, Authorise
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
            elif fields:
                self.events.append((fields["event"], json.loads(fields["data"]), fields.get("id", "")))
                fields = {}


class House:
    """A notifier behind a server, and clients."""

    def __init__(self, bus: MemoryBus, authorise: Authorise, ping: float) -> None:
        self.bus = bus
        self.notifier = Notifier(bus, Settings(), authorise=authorise, ping=ping)
        health = Health(bus=lambda: bus.healthy)
        self.server = Server(create_app(self.notifier.router, health), "127.0.0.1", 0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

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


async def only_good(token: str) -> bool:
    if token == "unknown":
        raise AccessUnknown("the API sleeps")
    return token == "good"


@asynccontextmanager
async def open_house(ping: float = 10.0) -> AsyncIterator[House]:
    bus = MemoryBus()
    await bus.start()
    house = House(bus, only_good, ping)
    await house.notifier.start()
    await house.server.start()
    try:
        yield house
    finally:
        await house.notifier.stop()
        await house.server.stop(5)
        await bus.stop()


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
        assert int(number) > 0


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


async def test_who_comes_back_is_told_to_look_again(house: House) -> None:
    async with house.stream("?execution=1", **{"Last-Event-ID": "17"}) as stream:
        await until(lambda: stream.events)
        assert stream.events[0] == ("resync", {}, "")


async def test_everyone_looks_again_when_the_bus_was_away_for_a_moment(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house.stream("?execution=1") as stream:
        monkeypatch.setattr(type(house.notifier._feed._consumer), "attachments", 2)
        await until(lambda: stream.names == ["resync"])


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
