"""Health and metrics over HTTP for services that serve nothing else: three paths, no framework."""

from __future__ import annotations

import asyncio
import contextlib

from attune_common.runtime import json, metrics
from attune_common.runtime.health import Health, Report

_PATIENCE = 5.0
_JSON = "application/json"


class HealthServer:
    """Serves /health/live, /health/ready and /metrics. Port 0 means: none."""

    def __init__(self, health: Health, host: str, port: int) -> None:
        self._health, self._host, self._port = health, host, port
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        if self._port:
            self._server = await asyncio.start_server(self._serve, self._host, self._port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await self._answer(head.split(b"\r\n", 1)[0]))
                await writer.drain()
        writer.close()

    async def _answer(self, request_line: bytes) -> bytes:
        match request_line.split(b" "):
            case [b"GET" | b"HEAD", path, *_]:
                return await self._get(path.split(b"?", 1)[0])
            case _:
                return _response("405 Method Not Allowed", _JSON, b'{"status":"only GET"}')

    async def _get(self, path: bytes) -> bytes:
        if path == b"/health/live":
            return _report(self._health.live())
        if path == b"/health/ready":
            return _report(await self._health.ready())
        if path == b"/metrics":
            return _response("200 OK", *metrics.render())
        return _response("404 Not Found", _JSON, b'{"status":"no such path"}')


def _report(report: Report) -> bytes:
    status = "200 OK" if report.ok else "503 Service Unavailable"
    return _response(status, _JSON, json.dumps(report.as_json()))


def _response(status: str, content_type: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
