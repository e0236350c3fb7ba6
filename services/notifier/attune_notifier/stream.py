"""GET /api/v1/stream: server-sent events, filtered, from where the client was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, StringConstraints
from starlette.requests import HTTPConnection
from starlette.types import Message, Send

from attune_common.runtime import logging
from attune_notifier.access import AccessUnknown, Viewer
from attune_notifier.entries import Place
from attune_notifier.hosting import Host
from attune_notifier.listening import Heard, Listening
from attune_notifier.problems import problem
from attune_notifier.wishes import Wish, patterns, statuses

STUCK_SECONDS = 30.0
_HELLO = b": connected\nretry: 1000\n\n"
_PING = b": ping\n\n"
_RESYNC = b"event: resync\ndata: {}\n\n"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_log = logging.get("attune.notifier")

Word = Annotated[str, StringConstraints(max_length=255)]
Words = Annotated[list[str], Field(max_length=50)]


class Asking(BaseModel):
    """As of a subscription over a WebSocket. `ticket`: instead of a token, from pages."""

    execution: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    workflow_execution: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    kind: Words = Field(default_factory=list)
    type: Words = Field(default_factory=list)
    ref: Word = ""
    pack: Word = ""
    status: Words = Field(default_factory=list)
    trace_id: Word = ""
    after: Word = ""
    ticket: Annotated[str, StringConstraints(max_length=400)] = ""

    def wish(self) -> Wish:
        """Errors: ValueError for what nobody sends."""
        wanted = patterns(self.kind, self.type)
        return Wish(
            self.execution, self.workflow_execution, wanted, self.ref, self.pack, statuses(self.status), self.trace_id
        )


def add_stream(router: APIRouter, host: Host) -> None:
    """The route, over the feed of a notifier."""

    @router.get(
        "/api/v1/stream",
        summary="Live events",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}}, 401: {}, 503: {}},
    )
    async def stream(
        request: Request,
        asked: Annotated[Asking, Query()],
        authorization: Annotated[str, Header()] = "",
        last_event_id: Annotated[str, Header()] = "",
    ) -> Response:
        """`event:` is the message's type, `data:` its data, `id:` where it stands: a client that comes back with it as
        `Last-Event-ID` (or `after`) gets what it has missed. `resync`: that is not kept any more, look again."""
        try:
            wish = asked.wish()
        except ValueError as unknown:
            places = [{"path": "query.kind", "message": str(unknown), "hint": ""}]
            return problem(422, "invalid_parameter", str(unknown), places)
        if not same_origin(request):
            return problem(403, "foreign_origin", "pages of other origins may not listen")
        refusal, viewer = await _admitted(host, bearer(authorization), asked.ticket)
        if viewer is None:
            return refusal
        listening = Listening(host.feed, viewer, wish, last_event_id or asked.after, host.ping)
        return _Stream(_frames(host, listening))


async def _admitted(host: Host, token: str, ticket: str) -> tuple[Response, Viewer | None]:
    try:
        viewer = await host.viewer_of(ticket) if ticket and not token else await host.viewer(token)
    except AccessUnknown:
        return problem(503, "api_unavailable", "the API that knows the tokens does not answer; try again"), None
    if viewer is None:
        return problem(401, "unauthenticated", "a valid bearer token is needed"), None
    if host.feed.subscriptions.full:
        return problem(503, "too_many_streams", "this notifier serves no more streams; try again"), None
    return Response(), viewer


async def _frames(host: Host, listening: Listening) -> AsyncGenerator[bytes, None]:
    is_first = True
    async with aclosing(listening.heard()) as all_heard:
        async for heard in all_heard:
            yield _HELLO if is_first else _frame(heard, host.feed.place)
            is_first = False


def _frame(heard: Heard, place: Place | None) -> bytes:
    """A ping tells how far the log was looked through, so that a quiet client goes on from there."""
    frames = b"".join(entry.frame for entry in heard.entries)
    if heard.resync:
        return _RESYNC + frames
    return frames or (_PING if place is None else b": ping\nid: %b\n\n" % str(place).encode())


class _Stream(StreamingResponse):
    """A client that takes nothing for STUCK_SECONDS is cut off."""

    def __init__(self, frames: AsyncGenerator[bytes, None]) -> None:
        super().__init__(frames, media_type="text/event-stream", headers=_HEADERS)
        self._frames = frames

    async def stream_response(self, send: Send) -> None:
        async def bounded(message: Message) -> None:
            async with asyncio.timeout(STUCK_SECONDS):
                await send(message)

        async with aclosing(self._frames):
            try:
                await super().stream_response(bounded)
            except TimeoutError:
                _log.info("stream cut off: its client takes nothing", seconds=STUCK_SECONDS)


def same_origin(asked: HTTPConnection) -> bool:
    """Browsers tell the page's origin; other clients tell none."""
    origin = asked.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == asked.headers.get("host")


def bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
