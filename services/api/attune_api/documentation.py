"""The OpenAPI document, completed with what every route really answers when it refuses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from attune_api.errors import FAMILY
from attune_api.permissions import Permission
from attune_api.problems import MEDIA_TYPE
from attune_api.routing import AttuneRoute

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457; `code` is stable, `errors` names the places that are wrong.",
    "required": ["type", "title", "status", "code", "detail", "errors", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "hint": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "message", "hint"],
                "properties": {
                    "path": {"type": "string"},
                    "message": {"type": "string"},
                    "hint": {"type": "string"},
                    "code": {"type": "string"},
                    "file": {"type": "string"},
                    "line": {"type": "integer"},
                    "column": {"type": "integer"},
                },
            },
        },
        "request_id": {"type": "string"},
    },
}


def document(app: FastAPI, routes: Iterable[AttuneRoute]) -> dict[str, Any]:
    """The whole document (OpenAPI 3.1)."""
    spec = get_openapi(title="Attune", version=app.version, routes=app.routes, summary=app.summary)
    components = spec.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM_SCHEMA
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "att_id_secret"}}
    for route in routes:
        for method in route.methods or ():
            _complete(spec["paths"][route.path_format][method.lower()], route)
    return spec


def statuses(route: AttuneRoute) -> set[int]:
    """Every status with which this route may refuse."""
    found = {503, 422, *route.declaration.refusals}
    if route.declaration.permission is not Permission.PUBLIC:
        found |= {401, 403}
    if route.declaration.of is not None or route.declaration.scoped:
        found.add(404)
    if route.takes_body:
        found |= {400, 408, 413, 415}
    return found


def _complete(operation: dict[str, Any], route: AttuneRoute) -> None:
    answers = {code: answer for code, answer in operation["responses"].items() if code != "422"}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in sorted(statuses(route)):
        answers.setdefault(str(status), {"description": FAMILY[status].title, "content": content})
    operation["responses"] = answers
    permission = route.declaration.permission
    operation["x-permission"] = permission.value
    operation["security"] = [] if permission is Permission.PUBLIC else [{"token": []}]
    if route.declaration.media:
        media: dict[str, Any] = {kind: {"schema": {}} for kind in route.declaration.media}
        operation["requestBody"] = {"required": True, "content": media}
