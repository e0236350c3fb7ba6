"""Following the live stream: connects again whenever the connection ends, and goes on where it was."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

from attune_client.errors import StreamUnavailable
from attune_client.transport import PREFIX, Transport, decoded

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 3.0
SILENCE_SECONDS = 30.0
MOST_REDIRECTS = 3
_HEADERS = {"Accept": "text/event-stream"}
_TIMEOUT = httpx2.Timeout(10, read=SILENCE_SECONDS)
_NO_STREAM = frozenset({404, 405, 501})


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """`type` is a message type such as `workflow.task.completed`; `connected` after each (re)connect; `resync` when
    something was missed that is not kept any more. `id`: where it stands, to go on from there later."""

    type: str
    data: dict[str, Any] = field(default_factory=dict)
    id: str = ""


@dataclass(slots=True)
class _Place:
    """The last event that was heard."""

    id: str = ""


async def follow(
    transport: Transport, execution: int | None = None, *, after: str = "", **filters: str | int | None
) -> AsyncIterator[StreamEvent]:
    """Events about an execution and what belongs to it, or about everything, for ever; none is missed.

    `filters`: `workflow_execution`, `kind`, `type`, `ref`, `pack`, `status`, `trace_id` as of `GET /api/v1/stream`,
    several with commas. `after`: the id of the last event that is known from before. The server pings every 10 s;
    30 s of silence count as a lost connection. Errors: StreamUnavailable when
    the deployment has no stream, ApiError when it refuses this client.
    """
    pause, place = FIRST_PAUSE_SECONDS, _Place(after)
    asked = {name: value for name, value in {"execution": execution, **filters}.items() if value is not None}
    while True:
        try:
            async for event in _one_connection(transport, str(httpx2.QueryParams(asked)), place):
                pause = FIRST_PAUSE_SECONDS
                yield event
        except httpx2.TransportError:
            pass
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


async def _one_connection(transport: Transport, query: str, place: _Place) -> AsyncIterator[StreamEvent]:
    url: str | httpx2.URL = f"{PREFIX}/stream?{query}" if query else f"{PREFIX}/stream"
    headers = {**_HEADERS, "Last-Event-ID": place.id} if place.id else _HEADERS
    for _ in range(MOST_REDIRECTS):
        async with transport.http.stream("GET", url, headers=headers, timeout=_TIMEOUT) as answer:
            if answer.is_redirect:
                url = _next_place(answer)
                continue
            await _accept(answer)
            yield StreamEvent("connected")
            async for event in httpx2.EventSource(answer):
                place.id = event.id or place.id
                data = event.json() if event.data else None
                if isinstance(data, dict):
                    yield StreamEvent(event.event, data, event.id)
            return
    raise StreamUnavailable("the live stream is redirected without end")


def _next_place(answer: httpx2.Response) -> httpx2.URL:
    """Where the API says that the notifier is; it gets the same token, but never in the clear instead of by TLS."""
    place = answer.request.url.join(answer.headers.get("location", ""))
    if answer.request.url.scheme == "https" and place.scheme != "https":
        raise StreamUnavailable(f"the live stream is said to be at {place.host}, without TLS")
    return place


async def _accept(answer: httpx2.Response) -> None:
    if answer.status_code in _NO_STREAM:
        raise StreamUnavailable("this deployment serves no live stream")
    if answer.status_code in (429, 503) or answer.status_code >= 500:
        raise httpx2.RemoteProtocolError(f"the stream answered {answer.status_code}")
    if answer.status_code >= 400:
        await answer.aread()
        decoded(answer)
