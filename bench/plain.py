"""Requests by bare HTTP over connections that stay open: what asks for the work should cost little beside the work.

The Python client spends half a millisecond on a request, a third of what starting a workflow costs altogether.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any, Self
from urllib.parse import quote, urlsplit

import orjson

from attune_client.discovery import Address
from bench.load import CLIENTS, Wrong


class Line:
    """One connection to the API; one request at a time."""

    def __init__(self, address: Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._head = f"Host: {urlsplit(address.url).netloc}\r\nAuthorization: Bearer {address.token}\r\n"

    @classmethod
    async def open(cls, address: Address) -> Self:
        place = urlsplit(address.url)
        return cls(address, *await asyncio.open_connection(place.hostname, place.port))

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        """The status and what the answer says. `path` below /api/v1."""
        told = orjson.dumps(body)
        head = f"POST /api/v1{path} HTTP/1.1\r\n{self._head}Content-Type: application/json\r\n"
        self._writer.write(f"{head}Content-Length: {len(told)}\r\n\r\n".encode() + told)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(answer.partition("content-length:")[2].partition("\r\n")[0])
        return int(answer.split(" ", 2)[1]), orjson.loads(await self._reader.readexactly(length))

    def close(self) -> None:
        self._writer.close()


async def post_all(address: Address, path: str, bodies: Iterable[Any]) -> list[Any]:
    """The answers, in any order, by CLIENTS connections that are never idle. Errors: Wrong for one that is refused."""
    waiting, answers = iter(bodies), []

    async def client() -> None:
        line = await Line.open(address)
        for body in waiting:
            status, answer = await line.post(path, body)
            if status >= 300:
                raise Wrong(f"POST {path} is refused with {status}: {answer}")
            answers.append(answer)
        line.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return answers


async def execute_all(address: Address, ref: str, parameters: Iterable[dict[str, Any]]) -> list[Any]:
    """The executions of a workflow that were started, one for each `parameters`."""
    return await post_all(address, f"/workflows/{quote(ref)}/execute", ({"parameters": each} for each in parameters))


async def at_rate(count: int, rate: float) -> AsyncIterator[int]:
    """Numbers from 0, each when its time has come, so many a second, however long whoever takes them needs."""
    began = time.perf_counter()
    for number in range(count):
        if (wait := began + number / rate - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        yield number


async def emit_all(address: Address, count: int, rate: float, latencies: list[float]) -> None:
    """Events of `bench.tick` in an open loop; how long each took, from when its time had come, in ms. Errors: Wrong."""
    due: asyncio.Queue[tuple[int, float]] = asyncio.Queue()

    async def client() -> None:
        line = await Line.open(address)
        while (next_one := await due.get())[0] >= 0:
            status, answer = await line.post("/events", {"trigger": "bench.tick", "payload": {"n": next_one[0]}})
            if status >= 300:
                raise Wrong(f"an event is refused with {status}: {answer}")
            latencies.append((time.perf_counter() - next_one[1]) * 1000)
        line.close()

    clients = asyncio.gather(*(client() for _ in range(CLIENTS)))
    async for number in at_rate(count, rate):
        due.put_nowait((number, time.perf_counter()))
    for _ in range(CLIENTS):
        due.put_nowait((-1, 0.0))
    await clients
