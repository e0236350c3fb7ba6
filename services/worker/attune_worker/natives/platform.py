"""Actions that speak to the platform itself through its API: the datastore, events, other executions."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from attune_common.hosting.failure import ActionFailure
from attune_common.hosting.outgoing.patience import Unanswered, answer, problem_of
from attune_common.hosting.outgoing.request import HttpRequest, HttpResponse, bearer
from attune_common.runtime import json
from attune_worker.jobs import Stop

if TYPE_CHECKING:
    from attune_worker.runtimes.base import Attempt

_SECONDS = 10.0
_EXCERPT = 500
_FIRST_LOOK, _LAST_LOOK = 0.05, 2.0
_ENDS = ("completed", "failed", "timeout", "cancelled", "abandoned", "skipped")


async def kv_get(attempt: Attempt, /, key: str, default: Any = None) -> dict[str, Any]:
    """`{key, value, found}`; the default when there is no such key."""
    response = await _call(attempt, "GET", f"/kv/{quote(key, safe='')}", missing_is_fine=True)
    if response.status == 404:
        return {"key": key, "value": default, "found": False}
    return {"key": key, "value": json.loads(response.body).get("value"), "found": True}


async def kv_set(attempt: Attempt, /, key: str, value: Any = None, ttl: float | None = None) -> dict[str, Any]:
    """`{key, value}`."""
    _keep_secrets_out(attempt, "the datastore")
    await _call(attempt, "PUT", f"/kv/{quote(key, safe='')}", {"value": value} | _ttl(ttl))
    return {"key": key, "value": value}


async def kv_delete(attempt: Attempt, /, key: str) -> dict[str, Any]:
    """`{key, deleted}`: whether there was one."""
    response = await _call(attempt, "DELETE", f"/kv/{quote(key, safe='')}", missing_is_fine=True)
    return {"key": key, "deleted": response.status != 404}


async def kv_increment(attempt: Attempt, /, key: str, by: float = 1, ttl: float | None = None) -> dict[str, Any]:
    """`{key, value}` after adding; a key that is not there counts from 0."""
    path = f"/kv/{quote(key, safe='')}/increment"
    response = await _call(attempt, "POST", path, {"by": by} | _ttl(ttl), twice=False)
    return {"key": key, "value": json.loads(response.body).get("value")}


async def emit_event(
    attempt: Attempt, /, trigger: str, payload: dict[str, Any] | None = None, dedup_key: str | None = None
) -> dict[str, Any]:
    """`{event_id}`. A repeated attempt makes no second event."""
    _keep_secrets_out(attempt, "events")
    spec = attempt.spec
    key = dedup_key or spec.idempotency_key or f"execution-{spec.execution_id}"
    body = {"trigger": trigger, "payload": payload or {}, "dedup_key": key}
    answer = json.loads((await _call(attempt, "POST", "/events", body)).body)
    return {"event_id": answer.get("id")}


async def run_workflow(
    attempt: Attempt, /, workflow: str, parameters: dict[str, Any] | None = None, wait: bool = True
) -> dict[str, Any]:
    """`{execution, workflow_execution, status, result?}`. Errors: ActionFailure; with `wait` that of the workflow."""
    key = f"{attempt.spec.idempotency_key or attempt.spec.execution_id}-run"
    body = {"action": workflow, "parameters": parameters or {}, "idempotency_key": key}
    started = json.loads((await _call(attempt, "POST", "/executions", body)).body)
    if not wait:
        return _started(started)
    try:
        return await _ended(attempt, started["id"])
    except asyncio.CancelledError:
        if attempt.job.why not in (None, Stop.LOST):
            await _cancel(attempt, started["id"])
        raise


async def _ended(attempt: Attempt, execution: int) -> dict[str, Any]:
    """Looked at ever more rarely. Errors: ActionFailure."""
    pause = _FIRST_LOOK
    while True:
        found = json.loads((await _call(attempt, "GET", f"/executions/{execution}")).body)
        if found["status"] in _ENDS:
            break
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LAST_LOOK)
    if found["status"] == "completed":
        return {**_started(found), "result": found["result"]}
    error = found.get("error") or {}
    message = f"execution {execution} of {found['action']} ended {found['status']}: {error.get('message', '')}"
    kind = "timeout" if found["status"] == "timeout" else str(error.get("type") or found["status"])
    raise ActionFailure(kind, message, execution=execution, status=found["status"])


async def _cancel(attempt: Attempt, execution: int) -> None:
    """As far as the platform can be reached; it may have ended meanwhile."""
    with contextlib.suppress(ActionFailure, TimeoutError):
        async with asyncio.timeout(_SECONDS):
            await _call(attempt, "POST", f"/executions/{execution}/cancel")


def _started(found: dict[str, Any]) -> dict[str, Any]:
    return {"execution": found["id"], "workflow_execution": found["workflow_execution"], "status": found["status"]}


def _ttl(seconds: float | None) -> dict[str, float]:
    return {} if seconds is None else {"ttl": seconds}


def _keep_secrets_out(attempt: Attempt, place: str) -> None:
    """Errors: ActionFailure `forbidden_secret`. What is kept there is not sealed, and shown to whoever may read it."""
    if attempt.spec.secrets:
        named = ", ".join(".".join(map(str, each)) for each in attempt.spec.secrets)
        message = f"{place} may hold no secrets ({named}): `attune secret set` keeps them"
        raise ActionFailure("forbidden_secret", message)


async def _call(
    attempt: Attempt, method: str, path: str, body: Any = None, *, missing_is_fine: bool = False, twice: bool = True
) -> HttpResponse:
    """An API that is away for a moment is waited for. `twice=False`: what may have been done is not asked again."""
    settings = attempt.bench.settings
    headers = {**bearer(attempt.spec.api_token), "Content-Type": "application/json"}
    url = f"{settings.api_url.rstrip('/')}/api/v1{path}"
    content = None if body is None else json.dumps(body)
    request = HttpRequest(method, url, headers, body=content, timeout=_SECONDS, follow_redirects=False)
    try:
        response = await answer(attempt.bench.api, request, settings.api_patience, twice=twice)
    except Unanswered as away:
        raise ActionFailure("platform_unreachable", away.message) from away
    if response.status < 400 or (missing_is_fine and response.status == 404):
        return response
    raise _refused(response)


def _refused(response: HttpResponse) -> ActionFailure:
    details = problem_of(response)
    excerpt = response.body[:_EXCERPT].decode("utf-8", "replace")
    message = str(details.get("detail") or details.get("title") or excerpt)
    return ActionFailure(str(details.get("code") or "platform_error"), message, status=response.status)
