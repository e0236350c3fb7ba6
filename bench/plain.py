"""Starts by bare HTTP over connections that stay open: what asks for the work should cost little beside the work.

The Python client spends half a millisecond on a request, a third of what starting a workflow costs altogether.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

from attune_client.discovery import Address
from bench.load import CLIENTS, Wrong

_END = b"\r\n\r\n"


async def execute_all(address: Address, ref: str, parameters: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The executions of a workflow that were started, one for each `parameters`, by CLIENTS clients. Errors: Wrong."""
    waiting, started = list(parameters), []

    async def client() -> None:
        reader, writer = await asyncio.open_connection(urlsplit(address.url).hostname, urlsplit(address.url).port)
        try:
            while waiting:
                writer.write(_request(address, ref, waiting.pop()))
                started.append(await _answer(reader))
        finally:
            writer.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return started


def _request(address: Address, ref: str, parameters: dict[str, Any]) -> bytes:
    body = orjson.dumps({"parameters": parameters})
    head = (
        f"POST /api/v1/workflows/{quote(ref)}/execute HTTP/1.1\r\n"
        f"Host: {urlsplit(address.url).netloc}\r\nAuthorization: Bearer {address.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> dict[str, Any]:
    head = (await reader.readuntil(_END)).lower()
    body = await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
    if not head.startswith(b"http/1.1 2"):
        raise Wrong(f"a workflow was not started: {body.decode()}")
    started: dict[str, Any] = orjson.loads(body)
    return started
