"""What live clients cost, and how soon they hear. Prints one JSON object.

The same executions run three times: without clients, with 1,000 idle streams (they ask for what does not happen), and
with 100 streams more whose clients take nothing. CPU seconds are told by process: those of the core (api, executor,
worker) should be the same. Then, with the idle streams still open, one event at a time is sent, and the time from
before its request to its frame at a client is measured: the way to the commit and back is in it.
Usage: python -m bench.live [--idle 1000] [--stuck 100] [--count 300] [--events 200]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import resource
import socket
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import uvloop

from attune_client import AsyncAttune
from bench.load import percentile, side_by_side, until_idle
from bench.platform import Platform, own_folder, services
from bench.processes import usage

_TRIGGER = "core.webhook"
_SETTLED_SECONDS = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.live", description=__doc__)
    for name, default in (("idle", 1_000), ("stuck", 100), ("count", 300), ("events", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with own_folder() as folder:
        print(json.dumps(uvloop.run(_measure(folder, asked)), indent=2))


async def _measure(folder: Any, asked: argparse.Namespace) -> dict[str, Any]:
    report: dict[str, Any] = {"clients": vars(asked)}
    async with services(folder, 1, 1) as platform, contextlib.AsyncExitStack() as open_streams:
        place = await _notifier(platform.attune)
        await _work(platform, asked.count)
        report["cpu without clients"] = await _work(platform, asked.count)
        for _ in range(asked.idle):
            await open_streams.enter_async_context(_stream(platform, place, "execution=9000000000"))
        report["cpu with idle clients"] = await _work(platform, asked.count)
        report |= await _latencies(platform, place, asked.events)
        for _ in range(asked.stuck):
            await open_streams.enter_async_context(_stream(platform, place, "kind=executions,logs,workflows,tasks"))
        report["cpu with stuck clients too"] = await _work(platform, asked.count)
    return report


async def _notifier(attune: AsyncAttune) -> tuple[str, int]:
    """Where the API sends those who want to listen."""
    answer = await attune.transport.http.get("/api/v1/stream", follow_redirects=False)
    parts = urlsplit(answer.headers["location"])
    assert parts.port

    return str(parts.hostname), parts.port


@contextlib.asynccontextmanager
async def _stream(
    platform: Platform, place: tuple[str, int], query: str
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """An open stream that nobody reads from any more, with as little room as the system gives."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, place)
    reader, writer = await asyncio.open_connection(sock=raw, limit=4096)
    token = platform.attune.transport.address.token
    writer.write(f"GET /api/v1/stream?{query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in head, head
    try:
        yield reader, writer
    finally:
        writer.close()


async def _work(platform: Platform, count: int) -> dict[str, float]:
    """CPU seconds by process of so many executions, begun together."""
    before = usage(platform.names)
    start = platform.attune.executions.start
    await side_by_side(lambda: start("core.echo", {"message": "x" * 500}) for _ in range(count))
    await until_idle(platform.attune, "core.echo")
    await asyncio.sleep(_SETTLED_SECONDS)
    return {name: round(seconds, 2) for name, seconds in usage(platform.names).since(before).items()}


async def _latencies(platform: Platform, place: tuple[str, int], count: int) -> dict[str, dict[str, float | None]]:
    """Of single events on an otherwise idle system: from before the request, and from its answer after the commit."""
    took: list[float] = []
    waited: list[float] = []
    async with _stream(platform, place, "kind=events") as (reader, _):
        for number in range(count):
            began = time.perf_counter()
            await platform.attune.automation.emit(_TRIGGER, {"n": number})
            answered = time.perf_counter()
            await reader.readuntil(b"event: event.created")
            heard = time.perf_counter()
            took.append((heard - began) * 1_000)
            waited.append((heard - answered) * 1_000)
            await asyncio.sleep(0.02)
    return {"ms from request to client": _shares(took), "ms from answer to client": _shares(waited)}


def _shares(took: list[float]) -> dict[str, float | None]:
    found = {f"p{share * 100:g}": percentile(sorted(took), share) for share in (0.5, 0.95, 0.99)}
    return {name: None if value is None else round(value, 1) for name, value in found.items()}


if __name__ == "__main__":
    main()
