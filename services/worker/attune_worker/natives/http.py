"""`core.http` calls a URL; `core.webhook` posts a signed document to another system."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attune_common.hosting.failure import ActionFailure
from attune_common.hosting.outgoing.failure import RequestFailed
from attune_common.hosting.outgoing.request import HttpRequest, HttpResponse
from attune_common.runtime import json

if TYPE_CHECKING:
    from attune_worker.runtimes.base import Attempt

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_EXCERPT = 2048
_DEFAULT_SECONDS = 30.0


async def http(
    attempt: Attempt, /, url: str, method: str = "GET", expected_status: Any = None, **options: Any
) -> dict[str, Any]:
    """`{status, headers, body, json?, url, elapsed}`. `options`: see `build`.

    Errors: `http_status` (without `expected_status`: anything from 400 on), those of `RequestFailed`, `input_error`.
    """
    request = build(url, method, options)
    response = await send(attempt, request)
    result = as_result(response)
    if not _expected(response.status, expected_status):
        raise ActionFailure(
            "http_status",
            f"{request.method} {url} answered {response.status}",
            status=response.status,
            body=result["body"][:_EXCERPT],
        )
    return result


async def webhook(
    attempt: Attempt, /, url: str, payload: Any = None, secret: str = "", **options: Any
) -> dict[str, Any]:
    """POST `payload` as JSON with `X-Attune-Signature: t=<unix>,v1=<HMAC-SHA256 of "t.body">` by the secret."""
    body = json.dumps(payload)
    headers = {**_texts(options.pop("headers", None)), "Content-Type": "application/json"}
    if attempt.spec.idempotency_key:
        headers["Idempotency-Key"] = attempt.spec.idempotency_key
    if secret:
        headers["X-Attune-Signature"] = signature(secret, body, int(time.time()))
    return await http(attempt, url, "POST", headers=headers, body=body, **options)


def signature(secret: str, body: bytes, moment: int) -> str:
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256)
    return f"t={moment},v1={digest.hexdigest()}"


async def send(attempt: Attempt, request: HttpRequest) -> HttpResponse:
    """Errors: ActionFailure of the call's own type."""
    try:
        return await attempt.bench.http.send(request)
    except RequestFailed as failed:
        raise ActionFailure(failed.type, failed.message) from failed


def build(url: str, method: str, options: Mapping[str, Any]) -> HttpRequest:
    """The call. Options: headers, query, json, body, timeout, follow_redirects, verify, auth ({username,
    password} or {token}). Errors: ActionFailure `input_error`.
    """
    known = {"headers", "query", "json", "body", "timeout", "follow_redirects", "verify", "auth"}
    if unknown := sorted(set(options) - known):
        raise ActionFailure("input_error", f"there is no parameter {', '.join(unknown)}")
    if str(method).upper() not in _METHODS:
        raise ActionFailure("input_error", f"the method {method!r} is none of {', '.join(_METHODS)}")
    body, content_type = _body(options)
    return HttpRequest(
        method=str(method).upper(),
        url=str(url),
        headers=_headers({**content_type, **_texts(options.get("headers")), **_authorization(options.get("auth"))}),
        query=_query(options.get("query")),
        body=body,
        timeout=float(options.get("timeout") or _DEFAULT_SECONDS),
        follow_redirects=options.get("follow_redirects") is not False,
        verify=options.get("verify") is not False,
    )


def as_result(response: HttpResponse) -> dict[str, Any]:
    """The answer as data; `json` is there when the body is a JSON document."""
    try:
        text = response.body.decode(response.encoding, "replace")
    except LookupError:
        text = response.body.decode("utf-8", "replace")
    result: dict[str, Any] = {
        "status": response.status,
        "headers": response.headers,
        "body": text,
        "url": response.url,
        "elapsed": response.elapsed,
    }
    if "json" in response.headers.get("content-type", ""):
        try:
            result["json"] = json.loads(response.body)
        except json.DataError:
            result["json"] = None
    return result


def _expected(status: int, expected: Any) -> bool:
    match expected:
        case None:
            return status < 400
        case int():
            return status == expected
        case [*several]:
            return status in several
        case _:
            raise ActionFailure("input_error", "expected_status is neither a number nor a list of numbers")


def _body(options: Mapping[str, Any]) -> tuple[bytes | None, dict[str, str]]:
    if options.get("json") is not None:
        return json.dumps(options["json"]), {"Content-Type": "application/json"}
    match options.get("body"):
        case None:
            return None, {}
        case str() as text:
            return text.encode("utf-8", "replace"), {}
        case bytes() as raw:
            return raw, {}
        case document:
            return json.dumps(document), {"Content-Type": "application/json"}


def _authorization(auth: Any) -> dict[str, str]:
    match auth:
        case None:
            return {}
        case {"token": str(token)}:
            return {"Authorization": f"Bearer {token}"}
        case {"username": str(user), "password": str(password)}:
            pair = base64.b64encode(f"{user}:{password}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        case _:
            raise ActionFailure("input_error", "auth has either a token or a username and a password")


def _texts(values: Any) -> dict[str, str]:
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise ActionFailure("input_error", "headers are a map of texts")
    return {str(name): _text(value) for name, value in values.items() if value is not None}


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not name or any(ch in name + value for ch in "\r\n\0") or not name.isascii():
            raise ActionFailure("input_error", f"the header {name!r} has a line break or another odd character")
    return dict(headers)


def _query(query: Any) -> tuple[tuple[str, str], ...]:
    if query is None:
        return ()
    if not isinstance(query, Mapping):
        raise ActionFailure("input_error", "query is a map")
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        several = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        pairs.extend((str(name), _text(one)) for one in several if one is not None)
    return tuple(pairs)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value).decode()
