"""Health: named checks, bounded in time; three paths over HTTP for services without a framework."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from tests.support.servers import free_ports

from attune_common.runtime import health as module
from attune_common.runtime import health_watch, metrics
from attune_common.runtime.health import Health
from attune_common.runtime.health_server import HealthServer
from attune_common.runtime.health_watch import HealthWatch


async def test_ready_when_every_check_holds() -> None:
    async def slow_but_fine() -> bool:
        return True

    health = Health(one=lambda: True, two=slow_but_fine)
    health.add("three", lambda: (True, "7 connections"))
    report = await health.ready()
    assert report.ok
    assert report.as_json()["status"] == "ok"
    assert report.checks["three"].detail == "7 connections"


async def test_a_failing_check_is_named_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BOUND", 0.05)

    def broken() -> bool:
        raise ConnectionError("no route")

    health = Health(fine=lambda: True, false=lambda: (False, "empty"), broken=broken, hung=asyncio.Event().wait)
    report = await health.ready()
    assert not report.ok
    details = {name: found.detail for name, found in report.checks.items() if not found.ok}
    assert details["false"] == "empty"
    assert details["broken"] == "ConnectionError: no route"
    assert "no answer" in details["hung"]


async def test_a_draining_process_is_alive_and_not_ready() -> None:
    health = Health()
    assert (await health.ready()).ok
    health.drain()
    assert not (await health.ready()).ok
    assert health.live().ok


async def _ask(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer


async def test_the_three_paths() -> None:
    [port] = free_ports(1)
    metrics.counter("test_health_total", "For this test.").inc()
    health = Health(bus=lambda: False)
    server = HealthServer(health, "127.0.0.1", port)
    await server.start()
    try:
        assert (await _ask(port, b"GET /health/live HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")
        ready = await _ask(port, b"GET /health/ready?verbose HTTP/1.1\r\nHost: x\r\n\r\n")
        assert ready.startswith(b"HTTP/1.1 503")
        assert b'"bus":{"ok":false' in ready
        assert b"attune_test_health_total 1.0" in await _ask(port, b"GET /metrics HTTP/1.1\r\n\r\n")
        assert b"404" in await _ask(port, b"GET /other HTTP/1.1\r\n\r\n")
        assert b"405" in await _ask(port, b"POST /metrics HTTP/1.1\r\n\r\n")
        assert b"405" in await _ask(port, b"\r\n\r\n")
    finally:
        await server.stop()


async def test_port_0_is_no_server() -> None:
    server = HealthServer(Health(), "127.0.0.1", 0)
    await server.start()
    await server.stop()


def test_a_metric_may_be_asked_for_again() -> None:
    assert metrics.counter("test_again_total", "Text.", "kind") is metrics.counter("test_again_total", "Text.", "kind")
    assert metrics.histogram("test_sizes", "Text.", buckets=metrics.SIZES) is metrics.histogram(
        "test_sizes", "Text.", buckets=metrics.SIZES
    )


Told = list[tuple[str, dict[str, object]]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    told: Told = []
    log = SimpleNamespace(
        warning=lambda event, **more: told.append((event, more)), info=lambda event, **more: told.append((event, more))
    )
    monkeypatch.setattr(health_watch, "_log", log)
    return told


@pytest.mark.parametrize(
    ("start", "expected"), [(0.0, ["not ready", "ready again", "not ready"]), (60.0, ["not ready"])]
)
async def test_who_begins_may_need_a_moment(told: Told, start: float, expected: list[str]) -> None:
    found = iter((False, False, True, False))
    watch = HealthWatch(Health(bus=lambda: next(found)), start=start)
    for _ in range(4):
        await watch.look()
    assert [event for event, _ in told] == expected


async def test_trouble_is_told_once_and_its_end(told: Told) -> None:
    down: set[str] = set()
    health = Health(bus=lambda: ("bus" not in down, "silent"), database=lambda: "database" not in down)
    watch = HealthWatch(health)
    for now in ((), ("bus",), ("bus",), ("bus", "database"), ("database",), ("bus",), (), ()):
        down.clear()
        down.update(now)
        await watch.look()
    assert [event for event, _ in told] == ["not ready", "not ready", "ready again"]
    assert told[0][1] == {"bus": "silent"}
    assert told[2][1]["was_away"] == ["bus", "database"]
