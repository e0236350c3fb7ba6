"""The sensor service's side of the API: leases, starts, events, logs. It never sees the database."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from attune_common.contracts.sensor import (
    LEASE_LOST,
    EmitAnswer,
    EmitRequest,
    LeaseAnswer,
    LeaseRequest,
    LogRequest,
    Start,
    StartRequest,
)
from attune_common.hosting.outgoing.client import HttpClient
from attune_common.hosting.outgoing.failure import RequestFailed
from attune_common.hosting.outgoing.request import HttpRequest, HttpResponse, bearer
from attune_common.runtime import json
from attune_common.runtime.settings import Settings

M = TypeVar("M", bound=BaseModel)
_SECONDS = 10.0
_REFUSALS = range(400, 500)
_PASSING = (401, 408, 429)


class ApiAway(Exception):
    """No answer, or none that counts: the same request may work in a moment."""


class LeaseLost(Exception):
    """Somebody else has the sensor, or nobody is to run it."""


class ApiRefused(Exception):
    """The API will not take this, whenever it comes again."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class SensorApi:
    """Errors of every call: ApiAway; of those with a token also LeaseLost; ApiRefused."""

    def __init__(self, settings: Settings, client: HttpClient) -> None:
        self._settings, self._client = settings, client

    async def lease(self, request: LeaseRequest, seconds: float) -> LeaseAnswer:
        """`seconds`: how long an answer is waited for."""
        return await self._ask("/sensors/leases", request, LeaseAnswer, seconds)

    async def start(self, ref: str, token: str) -> Start:
        return await self._ask(f"/sensors/{quote(ref)}/start", StartRequest(token=token), Start)

    async def emit(self, ref: str, request: EmitRequest) -> EmitAnswer:
        return await self._ask(f"/sensors/{quote(ref)}/events", request, EmitAnswer)

    async def log(self, ref: str, request: LogRequest) -> None:
        await self._send(f"/sensors/{quote(ref)}/logs", request, _SECONDS)

    async def _ask(self, path: str, body: BaseModel, kind: type[M], seconds: float = _SECONDS) -> M:
        response = await self._send(path, body, seconds)
        try:
            return kind.model_validate_json(response.body)
        except ValidationError as problem:
            raise ApiAway(f"the API's answer cannot be read: {problem}") from problem

    async def _send(self, path: str, body: BaseModel, seconds: float) -> HttpResponse:
        request = HttpRequest(
            "POST",
            f"{self._settings.api_url.rstrip('/')}/api/v1{path}",
            headers={**bearer(self._settings.api_token), "Content-Type": "application/json"},
            body=json.dumps(body.model_dump()),
            timeout=seconds,
            follow_redirects=False,
        )
        try:
            response = await self._client.send(request)
        except RequestFailed as failed:
            raise ApiAway(failed.message) from failed
        if response.status >= 300:
            raise _refusal(response)
        return response


def _refusal(response: HttpResponse) -> Exception:
    try:
        told = json.loads(response.body)
    except json.DataError:
        told = None
    details: dict[str, Any] = told if isinstance(told, dict) else {}
    code = str(details.get("code") or response.status)
    message = str(details.get("detail") or response.body[:200].decode("utf-8", "replace"))
    if code == LEASE_LOST:
        return LeaseLost(message)
    if response.status in _REFUSALS and response.status not in _PASSING:
        return ApiRefused(code, message)
    return ApiAway(f"the API answered {response.status}: {message}")
