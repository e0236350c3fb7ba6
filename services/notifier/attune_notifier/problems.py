"""What went wrong, as `application/problem+json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError

from attune_common.runtime import json

_TITLES = {401: "Unauthenticated", 403: "Forbidden", 422: "Invalid", 503: "Unavailable"}
_HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "2"}}


def problem(status: int, code: str, detail: str, errors: Sequence[Mapping[str, str]] = ()) -> Response:
    """`errors`: `{path, message, hint}` each."""
    body = {
        "type": f"urn:attune:problem:{code}",
        "title": _TITLES[status],
        "status": status,
        "code": code,
        "detail": detail,
        "errors": [dict(error) for error in errors],
    }
    return Response(json.dumps(body), status, media_type="application/problem+json", headers=_HEADERS.get(status))


async def on_invalid(_request: Request, error: Exception) -> Response:
    """The handler of requests with parameters of a wrong form."""
    assert isinstance(error, RequestValidationError)
    places = [
        {"path": ".".join(map(str, one["loc"])), "message": str(one["msg"]), "hint": ""} for one in error.errors()
    ]
    return problem(422, "invalid_parameter", "a parameter has not the right form", places)
