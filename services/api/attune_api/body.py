"""Reading a request's body within its limits of size and time, counted while it arrives."""

from __future__ import annotations

import time

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from attune_api.errors import BadRequest, RequestTimeout, TooLarge
from attune_api.places import Arrivals


async def read(request: Request, limit: int, seconds: float, arrivals: Arrivals) -> bytes:
    """All bytes of the body. Errors: TooLarge beyond `limit` bytes, RequestTimeout after `seconds`.

    Sooner, when many bodies are coming and this one takes longer than the others.
    """
    _check_announced(request, limit)
    begun = time.monotonic()
    try:
        async with arrivals.within(seconds, request.scope):
            return await _collect(request, limit)
    except TimeoutError as problem:
        given = min(seconds, time.monotonic() - begun)
        raise RequestTimeout(f"the body did not arrive within {given:.3g} seconds") from problem
    except ClientDisconnect as problem:
        raise BadRequest("the connection ended inside the body", code="incomplete") from problem


def _check_announced(request: Request, limit: int) -> None:
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise _too_large(limit)


async def _collect(request: Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit:,} bytes", hint="see GET /api/v1/limits")


def replay(body: bytes) -> Receive:
    """A `receive` that gives the body that was already read."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return pending.pop() if pending else {"type": "http.disconnect"}

    return receive
