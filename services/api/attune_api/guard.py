"""The outermost layer: a request id on everything, headers that keep browsers honest, no error unanswered."""

from __future__ import annotations

import re
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from attune_api.errors import ApiError
from attune_api.problems import as_api_error, problem_response
from attune_common.runtime import metrics

log = structlog.get_logger(__name__)

_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


class InternalError(ApiError):
    """A bug of ours; what it was stands in the log under the request id."""

    status, title, code = 500, "Internal error", "internal"


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope["attune.request_id"] = request_id
        answer = _Answer(send, request_id)
        begun = time.perf_counter()
        try:
            await self._app(scope, receive, answer.send)
        except Exception as problem:
            if answer.status:
                raise
            await problem_response(_told(problem, request_id), request_id)(scope, receive, answer.send)
        seconds = time.perf_counter() - begun
        _measure(scope, answer.status, seconds)
        _log_access(scope, answer.status, seconds, request_id)


class _Answer:
    """Watches an answer on its way out."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self._request_id
            headers["X-Content-Type-Options"] = "nosniff"
            headers.setdefault("Cache-Control", "no-store")
        await self._send(message)


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.match(given) else uuid.uuid4().hex


def _told(problem: Exception, request_id: str) -> ApiError:
    known = as_api_error(problem)
    if known is not None:
        log.warning("request refused by what it needs", request_id=request_id, code=known.code, error=repr(problem))
        return known
    log.error("request failed", request_id=request_id, exc_info=problem)
    return InternalError("something went wrong on our side", hint=f"the log tells more under {request_id}")


def _measure(scope: Scope, status: int, seconds: float) -> None:
    """By the route's pattern, never by the address, so that the number of series is bounded."""
    route = getattr(scope.get("route"), "path", "none")
    method = scope["method"] if scope["method"] in _METHODS else "other"
    metrics.counter("api_requests_total", "Requests answered", "method", "route", "status").labels(
        method, route, str(status)
    ).inc()
    metrics.histogram("api_request_seconds", "Time to answer a request", "route").labels(route).observe(seconds)


def _log_access(scope: Scope, status: int, seconds: float, request_id: str) -> None:
    """Health and metrics are asked every few seconds: their good answers are not worth a line."""
    if status < 400 and scope["path"].startswith(("/health", "/metrics")):
        return
    log.info(
        "request", method=scope["method"], path=scope["path"], status=status,
        ms=round(seconds * 1000, 1), request_id=request_id,
    )  # fmt: skip
