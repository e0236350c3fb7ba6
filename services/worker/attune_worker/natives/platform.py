"""Actions that speak to the platform itself through its API: the datastore and events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from attune_common.hosting.failure import ActionFailure
from attune_common.hosting.outgoing.failure import RequestFailed
from attune_common.hosting.outgoing.request import HttpRequest, HttpResponse, bearer
from attune_common.runtime import json

if TYPE_CHECKING:
    from attune_worker.runtimes.base import Attempt

_SECONDS = 10.0
_EXCERPT = 500


async def kv_get(attempt: Attempt, /, key: str, default: Any = None) -> dict[str, Any]:
    """`{key, value, found}`; the default when there is no such key."""
    response = await _call(attempt, "GET", f"/kv/{quote(key, safe='')}", missing_is_fine=True)
    if response.status == 404:
        return {"key": key, "value": default, "found": False}
    return {"key": key, "value": json.loads(response.body).get("value"), "found": True}


async def kv_set(attempt: Attempt, /, key: str, value: Any = None) -> dict[str, Any]:
    """`{key, value}`."""
    await _call(attempt, "PUT", f"/kv/{quote(key, safe='')}", {"value": value})
    return {"key": key, "value": value}


async def kv_delete(attempt: Attempt, /, key: str) -> dict[str, Any]:
    """`{key, deleted}`: whether there was one."""
    response = await _call(attempt, "DELETE", f"/kv/{quote(key, safe='')}", missing_is_fine=True)
    return {"key": key, "deleted": response.status != 404}


async def kv_increment(attempt: Attempt, /, key: str, by: float = 1) -> dict[str, Any]:
    """`{key, value}` after adding; a key that is not there counts from 0."""
    response = await _call(attempt, "POST", f"/kv/{quote(key, safe='')}/increment", {"by": by})
    return {"key": key, "value": json.loads(response.body).get("value")}


async def emit_event(
    attempt: Attempt, /, trigger: str, payload: dict[str, Any] | None = None, dedup_key: str | None = None
) -> dict[str, Any]:
    """`{event_id}`. A repeated attempt makes no second event."""
    spec = attempt.spec
    key = dedup_key or spec.idempotency_key or f"execution-{spec.execution_id}"
    body = {"trigger": trigger, "payload": payload or {}, "dedup_key": key}
    answer = json.loads((await _call(attempt, "POST", "/events", body)).body)
    return {"event_id": answer.get("id")}


async def _call(
    attempt: Attempt, method: str, path: str, body: Any = None, *, missing_is_fine: bool = False
) -> HttpResponse:
    settings = attempt.bench.settings
    headers = {**bearer(attempt.spec.api_token), "Content-Type": "application/json"}
    url = f"{settings.api_url.rstrip('/')}/api/v1{path}"
    content = None if body is None else json.dumps(body)
    request = HttpRequest(method, url, headers, body=content, timeout=_SECONDS, follow_redirects=False)
    try:
        response = await attempt.bench.api.send(request)
    except RequestFailed as failed:
        raise ActionFailure("platform_unreachable", failed.message) from failed
    if response.status < 400 or (missing_is_fine and response.status == 404):
        return response
    raise _refused(response)


def _refused(response: HttpResponse) -> ActionFailure:
    try:
        problem = json.loads(response.body)
    except json.DataError:
        problem = None
    details = problem if isinstance(problem, dict) else {}
    excerpt = response.body[:_EXCERPT].decode("utf-8", "replace")
    message = str(details.get("detail") or details.get("title") or excerpt)
    return ActionFailure(str(details.get("code") or "platform_error"), message, status=response.status)
