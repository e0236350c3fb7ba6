"""`ETag`, `If-Match` and `If-None-Match` on what is deployed: packs, workflows, rules, and what packs bring.

The tag is the time of the last change, to the microsecond. A change that asks for a tag locks the thing and compares in
its own transaction, so that of two that have read the same only one gets through.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import orjson
from fastapi import Request, Response

from attune_api.preconditions import Expected, etag, expected
from attune_common.store import guard
from attune_common.store.connection import Connection

READ_ONLY = "read-only"
Handle = Callable[[Request], Awaitable[Response]]


async def answered(kind: str, request: Request, handle: Handle) -> Response:
    """`kind`: what `guard.locked` knows, or READ_ONLY. Errors: PreconditionFailed, Invalid; those of the handler."""
    if request.method in ("GET", "HEAD"):
        return _shown(request, await handle(request))
    wanted = expected(request.headers.get("if-match"), None)
    if wanted.anything:
        return _tagged(await handle(request))
    with guard.held(lambda unit: _check(unit, kind, request.path_params["ref"], wanted)):
        return _tagged(await handle(request))


async def _check(unit: Connection, kind: str, ref: str, wanted: Expected) -> None:
    changed = await guard.locked(unit, kind, ref)
    if changed is not None:
        wanted.check(_version(changed))


def _shown(request: Request, response: Response) -> Response:
    tag = _tagged(response).headers.get("etag")
    known = request.headers.get("if-none-match", "")
    if tag is None or tag not in [part.strip().removeprefix("W/") for part in known.split(",")]:
        return response
    return Response(status_code=304, headers={"ETag": tag})


def _tagged(response: Response) -> Response:
    if response.status_code in (200, 201) and response.media_type == "application/json":
        updated = orjson.loads(response.body).get("updated")
        if isinstance(updated, str):
            response.headers["ETag"] = etag(_version(datetime.fromisoformat(updated)))
    return response


def _version(changed: datetime) -> int:
    return round(changed.timestamp() * 1_000_000)
