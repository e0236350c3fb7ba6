"""Answers to what went wrong: always `application/problem+json`, never a stack trace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from attune_api.errors import FAMILY, ApiError, BadRequest, Invalid, Unavailable
from attune_api.faults import KIND
from attune_api.respond import json_response
from attune_common.bus.bus import BusUnavailable
from attune_common.runtime.json import DataError
from attune_common.store.errors import StoreClosed, is_transient
from attune_common.vault.errors import SecretDamaged, SecretsUnavailable
from attune_core.errors import AttuneError, DefinitionError

MEDIA_TYPE = "application/problem+json"

_FRAMEWORK = {
    404: ("not_found", "there is nothing at this address"),
    405: ("method_not_allowed", "this address does not take that method"),
}


def problem_response(error: ApiError, request_id: str) -> Response:
    """The answer that tells of `error`."""
    body = {
        "type": f"urn:attune:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.message,
        "errors": error.errors,
        "request_id": request_id,
    }
    if error.hint:
        body["hint"] = error.hint
    return json_response(body, error.status, media_type=MEDIA_TYPE, headers=error.headers)


def as_api_error(error: Exception) -> ApiError | None:
    """What a client should be told of `error`; None when it is a bug of ours."""
    match error:
        case ApiError():
            return error
        case DefinitionError():
            return Invalid.of_definition(error)
        case RequestValidationError():
            return _of_validation(error.errors())
        case HTTPException():
            return _of_framework(error)
        case DataError():
            return Invalid.at(error.path or "body", str(error), code="bad_data")
        case SecretsUnavailable() | SecretDamaged():
            return Unavailable(error.message, code=error.code, hint=error.hint, retry_after=30)
        case AttuneError():
            place = {"path": error.path, "message": error.message, "hint": error.hint}
            return Invalid(error.message, code=error.code, hint=error.hint, errors=[place])
        case StoreClosed():
            return Unavailable("the API is stopping", code="stopping", hint="send it again")
        case BusUnavailable():
            return Unavailable("the message bus does not answer", code="bus_unavailable")
        case _:
            return (
                Unavailable("the database does not answer", code="database_unavailable")
                if is_transient(error)
                else None
            )


def install(app: FastAPI) -> None:
    """Make the app answer its own and the framework's refusals in this form."""

    async def answer(request: Request, error: Exception) -> Response:
        known = as_api_error(error)
        if known is None:
            raise error
        return problem_response(known, request.scope.get("attune.request_id", ""))

    handler: Callable[[Request, Exception], Awaitable[Response]] = answer
    for kind in (AttuneError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, handler)


def _of_framework(error: HTTPException) -> ApiError:
    code, message = _FRAMEWORK.get(error.status_code, (None, str(error.detail)))
    kind: type[ApiError] = FAMILY.get(error.status_code, BadRequest)
    return kind(message, code=code, headers=error.headers)


def _of_validation(findings: Sequence[Any]) -> ApiError:
    places = [_place(finding) for finding in findings]
    return Invalid.of_places(places, findings[0]["ctx"]["code"] if findings[0]["type"] == KIND else None)


def _place(finding: Mapping[str, Any]) -> dict[str, str]:
    hint = ""
    if finding["type"] == "extra_forbidden":
        hint = "remove it, or look up its name at /api/v1/openapi.json"
    elif finding["type"] == KIND:
        hint = finding["ctx"]["hint"]
    return {"path": _path(finding["loc"]), "message": str(finding["msg"]).removeprefix("Value error, "), "hint": hint}


def _path(steps: Sequence[Any]) -> str:
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
