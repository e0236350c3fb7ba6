"""What the client asks for is what the API has, and what the API has the client can ask for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from attune_api.app import all_routes
from attune_client import models
from attune_client.client import AsyncAttune

FOLDER = Path(models.__file__).parent
OF_SERVICES = {
    ("GET", "/api/v1/packs/content/{}"), ("POST", "/api/v1/executions/{}/secrets"), ("POST", "/api/v1/workers/claims"),
    ("POST", "/api/v1/sensors/leases"), ("POST", "/api/v1/tickets/take"),
    ("POST", "/api/v1/sensors/{}/events"), ("POST", "/api/v1/sensors/{}/logs"), ("POST", "/api/v1/sensors/{}/start"),
    ("GET", "/health/live"), ("GET", "/health/ready"), ("GET", "/metrics"),
}  # fmt: skip
"""What workers, sensors and probes ask."""

_VERBS = {"get": "GET", "pages": "GET", "post": "POST", "put": "PUT", "delete": "DELETE", "patch": "PATCH"}


def offered() -> set[tuple[str, str]]:
    found = {(method, route.path_format) for route in all_routes() for method in route.methods or ()}
    return {(method, re.sub(r"\{[^}]*\}", "{}", path)) for method, path in found}


def asked() -> set[tuple[str, str]]:
    calls = (node for file in FOLDER.glob("*.py") for node in ast.walk(ast.parse(file.read_text())))
    return {found for node in calls if isinstance(node, ast.Call) for found in _asked_by(node)}


def _asked_by(call: ast.Call) -> Iterator[tuple[str, str]]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    texts = [_text(argument) for argument in call.args]
    if name in _VERBS and texts and texts[0].startswith("/") and not texts[0].startswith(("/health", "/metrics")):
        yield _VERBS[name], "/api/v1" + texts[0]
    elif len(texts) > 1 and texts[0] in _VERBS.values() and texts[1].startswith("/"):
        yield texts[0], "/api/v1" + texts[1]


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_every_call_is_a_route() -> None:
    assert sorted(asked() - offered()) == []


def test_every_route_has_a_call() -> None:
    missing = offered() - asked() - OF_SERVICES - _BY_OTHER_MEANS
    assert sorted(missing) == []


_BY_OTHER_MEANS = {("GET", "/api/v1/audit/export"), ("PUT", "/api/v1/identities/{}/grants/{}")}
"""Streamed; with an address that is put together before."""


def test_the_client_has_an_attribute_for_every_subject() -> None:
    assert AsyncAttune.follow
    assert AsyncAttune.watch
