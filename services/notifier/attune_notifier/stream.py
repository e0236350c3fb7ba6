"""GET /api/v1/stream: server-sent events, filtered by execution, run and type."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse

from attune_notifier.access import AccessUnknown, Authorise
from attune_notifier.problems import problem
from attune_notifier.subscriptions import Subscriptions, Wish

PING_SECONDS = 10.0
_HELLO = b": connected\n\n"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
LONGEST_STREAM_SECONDS = 900.0

Identifier = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


def build_router(subscriptions: Subscriptions, authorise: Authorise, ping: float = PING_SECONDS) -> APIRouter:
    """The route, over the streams of a feed."""
    router = APIRouter(tags=["stream"])

    @router.get(
        "/api/v1/stream",
        summary="Live events",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}}, 401: {}, 503: {}},
    )
    async def stream(
        execution: Identifier = None,
        workflow_execution: Identifier = None,
        types: Annotated[list[str] | None, Query(alias="type", max_length=50)] = None,
        authorization: Annotated[str, Header()] = "",
        last_event_id: Annotated[str, Header()] = "",
    ) -> Response:
        """`event:` is the message's type, `data:` its data, `id:` a counter. `resync` means: some were missed, look
        again. `execution`, `workflow_execution`: it and all that is a part of it. `type`: a type or a pattern such as
        `workflow.task.*`, any number of them. Log lines come only for the execution or run that is asked for."""
        try:
            if not await authorise(_bearer(authorization)):
                return problem(401, "unauthenticated", "a valid bearer token is needed")
        except AccessUnknown:
            return problem(503, "api_unavailable", "the API that knows the tokens does not answer; try again")
        if subscriptions.full:
            return problem(503, "too_many_streams", "this notifier serves no more streams; try again")
        wish = Wish(execution, workflow_execution, _patterns(types))
        frames = _frames(subscriptions, wish, bool(last_event_id), ping)
        return StreamingResponse(frames, media_type="text/event-stream", headers=_HEADERS)

    return router


async def _frames(subscriptions: Subscriptions, wish: Wish, again: bool, ping: float) -> AsyncIterator[bytes]:
    """Frames until the notifier stops, the client leaves, or it is time to look at its token again."""
    client = subscriptions.add(wish)
    if again:
        client.resync()
    end = time.monotonic() + LONGEST_STREAM_SECONDS
    try:
        yield _HELLO
        while not client.closed and time.monotonic() < end:
            yield await client.take(ping)
    finally:
        subscriptions.remove(client)


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _patterns(types: list[str] | None) -> tuple[str, ...]:
    return tuple(name.strip() for given in types or () for name in given.split(",") if name.strip())
