"""`Idempotency-Key`: what makes something is done once, and a repeat gets the answer of the first time.

The key is taken before the work and the answer kept after it. When the process dies in between, nobody knows whether
the work was done: the key stays taken, and a repeat is told so. Nothing is ever done twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping

from fastapi import Request, Response

from attune_api.errors import Conflict, Invalid
from attune_common.store import audit, idempotency
from attune_common.store.connection import Row
from attune_common.store.store import Store
from attune_common.store.unit import Unit

HEADER = "Idempotency-Key"
WAIT_SECONDS = 5.0
_LOOK_SECONDS = 0.05
_KEY = re.compile(r"[\x21-\x7e]{1,200}\Z")
_NOT_SHOWN = 204
_KEPT_HEADERS = ("location", "etag", "content-type")

Handle = Callable[[Request], Awaitable[Response]]


async def once(request: Request, handle: Handle, *, keep: bool = True) -> Response:
    """`keep` false: the answer holds a secret and is not kept; a repeat is refused.

    Errors: Invalid, Conflict; those of the work, after which the key is free again.
    """
    key, identity = request.headers.get(HEADER), request.state.principal.id
    if key is None or identity is None:
        return await handle(request)
    if not _KEY.match(key):
        raise Invalid.at(f"header.{HEADER}", "is 1 to 200 visible ASCII characters")
    store: Store = request.app.state.context.store
    digest = await _digest(request)
    with audit.nobody():
        async with store.unit() as unit:
            is_first = await idempotency.take(unit, identity, key, digest)
    if not is_first:
        return await _again(store, identity, key, digest)
    try:
        response = await handle(request)
    except Exception:
        await _free(store, identity, key)
        raise
    with audit.nobody():
        async with store.unit() as unit:
            await _keep(unit, identity, key, response if keep else Response(status_code=_NOT_SHOWN))
    return response


async def _keep(unit: Unit, identity: int, key: str, response: Response) -> None:
    kept = {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS}
    await idempotency.keep(unit, identity, key, response.status_code, kept, bytes(response.body))


async def _again(store: Store, identity: int, key: str, digest: bytes) -> Response:
    for _ in range(round(WAIT_SECONDS / _LOOK_SECONDS)):
        async with store.connection() as connection:
            row = await idempotency.get(connection, identity, key)
        if row is None:
            raise Conflict("the request with this key has just failed", code="repeat_now", hint="send it again")
        if bytes(row["request"]) != digest:
            raise Conflict("another request had this key", code="idempotency_conflict", hint="take a new key")
        if row["status"] == _NOT_SHOWN:
            raise Conflict("this was done, and is shown one time only", code="already_done", hint="take a new key")
        if row["status"] is not None:
            return _kept(row)
        await asyncio.sleep(_LOOK_SECONDS)
    raise Conflict(
        "the request with this key is under way, or was when the API stopped",
        code="outcome_unknown",
        hint="look whether it was done; take a new key to do it again",
    )


def _kept(row: Row) -> Response:
    headers: Mapping[str, str] = row["headers"]
    return Response(bytes(row["body"]), row["status"], headers={**headers, "Idempotent-Replay": "true"})


async def _free(store: Store, identity: int, key: str) -> None:
    with audit.nobody():
        async with store.unit() as unit:
            await idempotency.free(unit, identity, key)


async def _digest(request: Request) -> bytes:
    """What was asked: the same key with anything else is a mistake of the client."""
    told = f"{request.method} {request.url.path} {request.headers.get('content-type', '')}\n".encode()
    return hashlib.sha256(told + await request.body()).digest()
