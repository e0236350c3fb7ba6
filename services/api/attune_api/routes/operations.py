"""/health, /metrics and the OpenAPI document: for those who run the service."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

from attune_api.context import Shared
from attune_api.permissions import Permission
from attune_api.respond import json_response
from attune_api.routing import declares, router
from attune_common.runtime import metrics

routes = router(tag="operations")
_METRIC = 'attune_api_requests_total{method="GET",route="/api/v1/executions",status="200"} 17.0\n'


class Health(BaseModel):
    """`checks`: each by name with `ok` and `detail`."""

    status: str
    checks: dict[str, Any]


@routes.get("/health/live", response_model=Health, summary="The process turns")
@declares(Permission.PUBLIC)
async def live(shared: Shared) -> dict[str, object]:
    return shared.health.live().as_json()


@routes.get("/health/ready", response_model=Health, summary="Database and bus answer",
            responses={503: {"model": Health, "description": "Not ready"}})  # fmt: skip
@declares(Permission.PUBLIC)
async def ready(shared: Shared) -> Response:
    report = await shared.health.ready()
    headers = {} if report.ok else {"Retry-After": "2"}
    return json_response(report.as_json(), 200 if report.ok else 503, headers=headers)


@routes.get("/metrics", response_class=Response, summary="Prometheus metrics",
            responses={200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": _METRIC}}}},
            )  # fmt: skip
@declares(Permission.PUBLIC)
async def scrape() -> Response:
    content_type, body = metrics.render()
    return Response(body, media_type=content_type)


@routes.get("/api/v1/openapi.json", response_model=dict[str, Any], summary="This document")
@declares(Permission.PUBLIC)
async def openapi(request: Request) -> Response:
    return json_response(request.app.openapi())
