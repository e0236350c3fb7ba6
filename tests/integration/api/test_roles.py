"""Every route with every role: who may come in is what the route declares, and nothing is open by accident."""

from __future__ import annotations

import re
from itertools import pairwise

import httpx2
import pytest
from tests.integration.api.conftest import Clients

from attune_api.app import all_routes
from attune_api.permissions import GRANTS, Permission, Role
from attune_api.routing import AttuneRoute

ROUTES = sorted(
    ((method, route) for route in all_routes() for method in route.methods or ()), key=lambda pair: pair[1].path
)
IDS = [f"{method} {route.path}" for method, route in ROUTES]


@pytest.fixture
def database_url(shared_url: str) -> str:
    """Nothing here is kept, so one database is enough."""
    return shared_url


def _address(route: AttuneRoute) -> str:
    """Some address of the route, of things that do not exist."""
    path = route.path.replace("{digest}", "0" * 64)
    path = re.sub(r"\{(id)\}", "999999999", path)
    return "http://attune" + re.sub(r"\{[^}]+\}", "nothing.there", path)


@pytest.fixture
async def roles(clients: Clients) -> dict[Role, httpx2.AsyncClient]:
    return {role: await clients.as_role(role) for role in Role}


async def test_each_route_lets_in_whom_it_declares(clients: Clients, roles: dict[Role, httpx2.AsyncClient]) -> None:
    wrong = []
    for method, route in ROUTES:
        permission = route.declaration.permission
        if permission is Permission.PUBLIC:
            continue
        for role, client in roles.items():
            once = await clients.as_role(role) if route.path.endswith("/logout") else client
            answer = await once.request(method, _address(route))
            if (answer.status_code == 403) == (permission in GRANTS[role]) or answer.status_code in (401, 500):
                wrong.append((method, route.path, role.value, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("token", ["", "x", "att_x_y", "att_" + "0" * 16 + "_" + "x" * 43, "att_exec-1_" + "x" * 32])
async def test_without_a_valid_token_only_public_routes_answer(clients: Clients, token: str) -> None:
    client = clients.client(token)
    wrong = []
    for method, route in ROUTES:
        answer = await client.request(method, _address(route))
        is_public = route.declaration.permission is Permission.PUBLIC
        if not is_public and (answer.status_code, answer.json()["code"]) != (401, "unauthenticated"):
            wrong.append((method, route.path, answer.status_code))
        if not is_public and "bearer" not in answer.headers["www-authenticate"].lower():
            wrong.append((method, route.path, "no challenge"))
    assert wrong == []


def test_few_routes_are_public() -> None:
    public = {route.path for _, route in ROUTES if route.declaration.permission is Permission.PUBLIC}
    assert public == {
        "/health/live",
        "/health/ready",
        "/metrics",
        "/api/v1/openapi.json",
        "/api/v1/login",
        "/api/v1/login/oidc",
        "/api/v1/tickets/take",
        "/api/v1/webhooks/{key:path}",
    }


async def test_a_route_without_a_permission_cannot_be_made() -> None:
    async def open_door() -> None:
        """Declares nothing."""

    with pytest.raises(TypeError, match="declares no permission"):
        AttuneRoute("/open", open_door)


def test_higher_roles_may_what_lower_ones_may() -> None:
    ladder = [GRANTS[role] for role in (Role.NONE, Role.VIEWER, Role.OPERATOR, Role.AUTHOR, Role.ADMIN)]
    assert all(lower < higher for lower, higher in pairwise(ladder))
    assert Permission.READ not in GRANTS[Role.WORKER]
