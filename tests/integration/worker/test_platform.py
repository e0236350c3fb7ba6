"""Native actions that speak to the platform, as the attempt they are."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.http_server import HttpServer, http_server, response
from tests.support.workbench import Workbench, workbench


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


async def test_an_api_that_is_away_is_platform_unreachable(tmp_path: Path) -> None:
    async with workbench(tmp_path, api_url="http://127.0.0.1:1") as bench:
        error = (await bench.run(bench.job("native", "core.kv_increment", parameters={"key": "a"}))).error
        assert error is not None
        assert error["type"] == "platform_unreachable"
