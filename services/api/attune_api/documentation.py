"""The OpenAPI document, completed with what every route really answers when it refuses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from attune_api import answers, examples
from attune_api.errors import FAMILY
from attune_api.permissions import Permission
from attune_api.problems import MEDIA_TYPE
from attune_api.routing import AttuneRoute
from attune_api.sparse import PARAMETER

ONCE_PATTERN = r"^[\x21-\x7e]{1,200}$"
TAG_PATTERN = r'^(\*|"[^"]{1,64}")$'

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
    components["examples"] = answers.problems()
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "att_id_secret"}}
    for route in routes:
        for method in route.methods or ():
            _complete(spec["paths"][route.path_format][method.lower()], route, schemas)
    return spec


def statuses(route: AttuneRoute) -> set[int]:
    """Every status with which this route may refuse."""
    found = {400, 503, 422, *route.declaration.refusals}
    if route.declaration.permission is not Permission.PUBLIC:
        found |= {401, 403}
    if route.declaration.of is not None or route.declaration.scoped:
        found.add(404)
    if route.takes_body:
        found |= {408, 413, 415}
    if route.declaration.once:
        found.add(409)
    if route.declaration.tagged and "GET" not in (route.methods or ()):
        found.add(412)
    return found


def _complete(operation: dict[str, Any], route: AttuneRoute, schemas: dict[str, Any]) -> None:
    _add_parameters(operation, route)
    if route.shown_fields:
        _allow_less(operation["responses"]["200"]["content"]["application/json"], schemas)
    given = {code: answer for code, answer in operation["responses"].items() if code != "422"}
    for status in sorted(statuses(route)):
        given.setdefault(str(status), {"description": FAMILY[status].title, "content": _problem(status)})
    if route.declaration.tagged and "GET" in (route.methods or ()):
        given.setdefault("304", {"description": "It is as `If-None-Match` says"})
    operation["responses"] = given
    permission = route.declaration.permission
    operation["x-permission"] = permission.value
    operation["security"] = [] if permission is Permission.PUBLIC else [{"token": []}]
    if route.declaration.media:
        media: dict[str, Any] = {kind: {"schema": {}} for kind in route.declaration.media}
        operation["requestBody"] = {"required": True, "content": media}
    _add_examples(operation, route)
    _add_answers(operation, schemas)


def _problem(status: int) -> dict[str, Any]:
    shown = {"refused": {"$ref": f"#/components/examples/Problem{status}"}}
    return {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": shown}}


def _add_answers(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """What is answered when nothing is refused, as an example."""
    for answer in operation["responses"].values():
        content = answer.get("content", {}).get("application/json")
        if content and "example" not in content:
            content["example"] = answers.example(content["schema"], schemas)


def _add_parameters(operation: dict[str, Any], route: AttuneRoute) -> None:
    """What every route of a kind takes, whatever its handler."""
    declared, is_read = route.declaration, "GET" in (route.methods or ())
    added = [_fields(route.shown_fields)] if route.shown_fields else []
    if declared.once:
        added.append(_header("Idempotency-Key", "A repeat with the same key gets the first answer.", ONCE_PATTERN))
    if declared.tagged and is_read:
        added.append(_header("If-None-Match", "Answer 304 while it is as it was with this ETag.", TAG_PATTERN))
    elif declared.tagged:
        added.append(_header("If-Match", "Only while it is as it was with this ETag, else 412.", TAG_PATTERN))
    if added:
        operation["parameters"] = [*operation.get("parameters", []), *added]


def _add_examples(operation: dict[str, Any], route: AttuneRoute) -> None:
    for parameter in operation.get("parameters", []):
        example = examples.of_place(route.path_format, parameter["name"]) if parameter["in"] == "path" else None
        if example is not None:
            parameter["example"] = int(example) if parameter["schema"].get("type") == "integer" else example
    for method in route.methods or ():
        media, body = examples.BODIES.get((method, route.path_format), ("", None))
        if media:
            operation["requestBody"]["content"][media]["example"] = body


def _fields(names: frozenset[str]) -> dict[str, Any]:
    return {
        "name": PARAMETER,
        "in": "query",
        "description": "Only these fields of what is shown.",
        "style": "form",
        "explode": False,
        "schema": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": sorted(names)}},
    }


def _header(name: str, description: str, pattern: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string", "pattern": pattern}}


def _allow_less(content: dict[str, Any], schemas: dict[str, Any]) -> None:
    """With `fields` the answer has less: the same properties, none of them required."""
    whole = content["schema"]
    content["schema"] = {"anyOf": [whole, _less(whole, schemas)]}


def _less(whole: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    name = whole["$ref"].rpartition("/")[2]
    less = f"{name}_less"
    if less not in schemas:
        model = schemas[name]
        properties = dict(model["properties"])
        if name.startswith("Page_"):
            items = properties["items"]
            properties["items"] = {**items, "items": _less(items["items"], schemas)}
        required = ["items"] if name.startswith("Page_") else []
        schemas[less] = {"type": "object", "title": f"{name}, less", "required": required, "properties": properties}
    return {"$ref": f"#/components/schemas/{less}"}
