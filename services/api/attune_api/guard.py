"""The outermost layer: a request id on everything, headers that keep browsers honest, no error unanswered."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from attune_api.errors import ApiError, BadRequest, Unavailable
from attune_api.places import Place, Places
from attune_api.problems import as_api_error, problem_response
from attune_common.runtime import lifecycle, logging, metrics, tracing
from attune_common.runtime.random_ids import random_id

log = structlog.get_logger(__name__)

_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})
_ALWAYS = ("/health", "/metrics")
_ONCE = frozenset({b"authorization", b"content-type", b"host", b"idempotency-key", b"if-match"})
"""Of two, a proxy might heed the one and we the other."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


class InternalError(ApiError):
    """A bug of ours; what it was stands in the log under the request id."""

    status, title, code = 500, "Internal error", "internal"


class Guard:
    """ASGI middleware. Of `at_once` requests that wait for their answers no other is let in: it is told so at once,
    where it would wait longer and longer. Bodies that are still coming have a bound of their own (`places`). Live
    streams are answered when they begin; who looks after us is let in.
    """

    def __init__(self, app: ASGIApp, at_once: int) -> None:
        self._app, self._at_once = app, at_once
        self._places = Places()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, _unless_cancelled(send))
            return
        request_id = _request_id(scope)
        scope["attune.request_id"] = request_id
        place = Place(self._places, scope)
        answer = _Answer(send, request_id, place.leave)
        begun = time.perf_counter()
        try:
            if self._places.taken > self._at_once and not scope["path"].startswith(_ALWAYS):
                raise Unavailable("more is asked than can be answered", code="too_busy", hint="try again later")
            _check_headers(scope)
            with tracing.request(Headers(scope=scope), scope["method"], scope["path"]) as span:
                await self._app(scope, receive, answer.send)
                _name(span, scope, answer.status)
        except Exception as problem:
            if answer.status:
                raise
            await problem_response(_told(problem, request_id), request_id)(scope, receive, answer.send)
        finally:
            answer.is_over()
        seconds = time.perf_counter() - begun
        _measure(scope, answer.status, seconds)
        _log_access(scope, answer.status, seconds, request_id)


def _unless_cancelled(send: Send) -> Send:
    """Who is stopped while it starts has not failed: there is no trace to tell."""

    async def told(message: Message) -> None:
        if message["type"] == "lifespan.startup.failed" and lifecycle.being_cancelled():
            message = {"type": message["type"]}
        await send(message)

    return told


def _name(span: Any, scope: Scope, status: int) -> None:
    """By the route's pattern: spans of one kind have one name."""
    if span is not None:
        span.update_name(f"{scope['method']} {getattr(scope.get('route'), 'path', 'none')}")
        span.set_attribute("http.response.status_code", status)


class _Answer:
    """Watches an answer on its way out. `begun` is called once: when it begins, or the request is over without one."""

    def __init__(self, send: Send, request_id: str, begun: Callable[[], None]) -> None:
        self._send = send
        self._request_id = request_id
        self._begun: Callable[[], None] | None = begun
        self.status = 0

    def is_over(self) -> None:
        if self._begun is not None:
            self._begun()
            self._begun = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.is_over()
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self._request_id
            headers["X-Content-Type-Options"] = "nosniff"
            headers.setdefault("Cache-Control", "no-store")
        await self._send(message)


def _check_headers(scope: Scope) -> None:
    """Errors: BadRequest when one stands twice that says who asks for what."""
    names = [name for name, _ in scope["headers"] if name in _ONCE]
    if len(names) > len(set(names)):
        twice = next(name for name in names if names.count(name) > 1)
        raise BadRequest(f"the header {twice.decode()} stands twice", code="bad_header", hint="send it once")


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.match(given) else random_id()


def _told(problem: Exception, request_id: str) -> ApiError:
    known = as_api_error(problem)
    if known is not None:
        log.debug("request refused by what it needs", request_id=request_id, code=known.code, error=repr(problem))
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
    if status < 400 and scope["path"].startswith(_ALWAYS):
        return
    told = {"method": scope["method"], "path": scope["path"], "status": status, "ms": round(seconds * 1000, 1)}
    logging.request(__name__, {**told, "request_id": request_id})
