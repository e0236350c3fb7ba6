"""Native actions that speak to the platform, as the attempt they are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.http_server import Asked, HttpServer, http_server, response
from tests.support.waiting import until
from tests.support.workbench import Workbench, workbench

from attune_common.hosting.outgoing.client import HttpClient
from attune_common.hosting.outgoing.failure import RequestFailed
from attune_common.hosting.outgoing.request import HttpRequest, HttpResponse
from attune_common.runtime.clock import utcnow


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with http_server() as running:
        yield running


@pytest.fixture
async def bench(tmp_path: Path, server: HttpServer) -> AsyncIterator[Workbench]:
    async with workbench(tmp_path, api_url=server.url, egress="public") as running:
        yield running


async def test_a_value_is_read_with_the_token_of_the_attempt(bench: Workbench, server: HttpServer) -> None:
    server.answers["/api/v1/kv/a.b"] = response(200, b'{"key": "a.b", "value": [1], "updated": "x"}')
    job = bench.job("native", "core.kv_get", parameters={"key": "a.b"})
    assert (await bench.run(job)).result == {"key": "a.b", "value": [1], "found": True}
    assert server.asked[0].headers["authorization"] == f"Bearer att_exec-{job.execution_id}_{job.token}"


async def test_what_is_not_there_has_the_default(bench: Workbench) -> None:
    job = bench.job("native", "core.kv_get", parameters={"key": "a", "default": 5})
    assert (await bench.run(job)).result == {"key": "a", "value": 5, "found": False}
    job = bench.job("native", "core.kv_delete", parameters={"key": "a"})
    assert (await bench.run(job)).result == {"key": "a", "deleted": False}


async def test_a_refusal_is_told_in_the_platforms_words(bench: Workbench, server: HttpServer) -> None:
    problem = {"title": "Forbidden", "status": 403, "code": "forbidden", "detail": "the role viewer may not do this"}
    server.answers["/api/v1/kv/a"] = response(403, json.dumps(problem).encode())
    error = (await bench.run(bench.job("native", "core.kv_set", parameters={"key": "a", "value": 1}))).error
    assert error == {"type": "forbidden", "message": "the role viewer may not do this", "status": 403}


async def test_an_event_has_the_key_of_its_execution(bench: Workbench, server: HttpServer) -> None:
    server.answers["/api/v1/events"] = response(202, b'{"id": 9}')
    parameters = {"trigger": "a.b", "payload": {"n": 1}}
    job = bench.job("native", "core.emit_event", parameters=parameters, idempotency_key="attune-4")
    assert (await bench.run(job)).result == {"event_id": 9}
    assert json.loads(server.asked[0].body) == {**parameters, "dedup_key": "attune-4"}


@pytest.mark.parametrize("action", ["core.kv_increment", "core.kv_get"])
async def test_an_api_that_stays_away_is_platform_unreachable(tmp_path: Path, action: str) -> None:
    async with workbench(tmp_path, api_url="http://127.0.0.1:1", api_patience=0.3) as bench:
        error = (await bench.run(bench.job("native", action, parameters={"key": "a"}))).error
        assert error is not None
        assert error["type"] == "platform_unreachable"


async def test_an_api_that_is_being_replaced_is_waited_for(bench: Workbench, server: HttpServer) -> None:
    server.answers["/api/v1/kv/a"] = response(503)
    job = bench.job("native", "core.kv_set", parameters={"key": "a", "value": 1})
    await bench.submit(job)
    await until(lambda: server.asked)
    server.answers["/api/v1/kv/a"] = response(200, b'{"key": "a"}')
    assert (await bench.completion(job)).result == {"key": "a", "value": 1}


async def test_what_may_have_been_counted_is_not_counted_again(bench: Workbench, server: HttpServer) -> None:
    async def count_and_go(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server.answers["/api/v1/kv/a/increment"] = count_and_go
    error = (await bench.run(bench.job("native", "core.kv_increment", parameters={"key": "a"}))).error
    assert error is not None
    assert error["type"] == "platform_unreachable"
    assert len(server.asked) == 1


async def test_what_was_not_sent_is_counted_when_the_api_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[RequestFailed] = []

    async def noticed(client: HttpClient, request: HttpRequest) -> HttpResponse:
        try:
            return await send(client, request)
        except RequestFailed as failed:
            failures.append(failed)
            raise

    send = HttpClient.send
    monkeypatch.setattr(HttpClient, "send", noticed)
    async with http_server() as gone:
        port = gone.port
    async with workbench(tmp_path, api_url=f"http://127.0.0.1:{port}") as bench:
        job = bench.job("native", "core.kv_increment", parameters={"key": "a"})
        await bench.submit(job)
        await until(lambda: failures)
        async with http_server(port) as server:
            server.answers["/api/v1/kv/a/increment"] = response(200, b'{"value": 3}')
            assert (await bench.completion(job)).result == {"key": "a", "value": 3}


def _runs(server: HttpServer, *states: str) -> None:
    """An execution 7 that goes through these states, one with each look."""
    left = list(states)

    async def look(_: Asked, writer: asyncio.StreamWriter) -> None:
        status = left.pop(0) if len(left) > 1 else left[0]
        found = {"id": 7, "action": "a.b", "workflow_execution": 3, "status": status, "result": 5}
        found["error"] = {"type": "no_stock", "message": "none left"} if status == "failed" else None
        writer.write(response(200, json.dumps(found).encode()))
        await writer.drain()

    started = {"id": 7, "action": "a.b", "workflow_execution": None, "status": "requested"}
    server.answers["/api/v1/executions"] = response(202, json.dumps(started).encode())
    server.answers["/api/v1/executions/7"] = look
    server.answers["/api/v1/executions/7/cancel"] = response(202, b"{}")


RUN = {"workflow": "a.b", "parameters": {"n": 1}}


async def test_a_workflow_is_run_to_its_end(bench: Workbench, server: HttpServer) -> None:
    _runs(server, "running", "running", "completed")
    job = bench.job("native", "core.run_workflow", parameters=RUN, idempotency_key="attune-4")
    result = {"execution": 7, "workflow_execution": 3, "status": "completed", "result": 5}
    assert (await bench.run(job)).result == result
    body = json.loads(server.asked[0].body)
    assert body == {"action": "a.b", "parameters": {"n": 1}, "idempotency_key": "attune-4-run"}


async def test_its_failure_is_that_of_the_workflow(bench: Workbench, server: HttpServer) -> None:
    _runs(server, "failed")
    error = (await bench.run(bench.job("native", "core.run_workflow", parameters=RUN))).error
    assert error is not None
    assert (error["type"], error["execution"], error["status"]) == ("no_stock", 7, "failed")


async def test_a_cancel_reaches_the_workflow(bench: Workbench, server: HttpServer) -> None:
    _runs(server, "running")
    job = bench.job("native", "core.run_workflow", parameters=RUN)
    await bench.submit(job)
    await until(lambda: any(asked.path.endswith("/7") for asked in server.asked))
    await bench.cancel(job)
    assert (await bench.completion(job)).status == "cancelled"
    assert server.asked[-1].path.endswith("/executions/7/cancel")


async def test_a_time_that_comes(bench: Workbench) -> None:
    soon = (utcnow() + timedelta(seconds=0.3)).isoformat()
    done = await bench.run(bench.job("native", "core.wait_until", parameters={"time": soon}))
    assert 0.05 <= done.result["waited"] <= 5
    later = bench.job("native", "core.wait_until", parameters={"time": "2999-01-01"})
    await bench.submit(later)
    await bench.accepted(later)
    await bench.cancel(later)
    assert (await bench.completion(later)).status == "cancelled"
