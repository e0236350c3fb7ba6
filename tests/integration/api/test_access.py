"""Tokens are made, seen without their secrets, and revoked at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from tests.integration.api.conftest import ADMIN, Clients

from attune_api.app import create_app
from attune_common.bus.memory import MemoryBus
from attune_common.runtime.settings import Settings
from attune_common.store.store import Store
from attune_core.errors import AttuneError


async def _grant(api: httpx2.AsyncClient, **more: object) -> httpx2.Response:
    return await api.post("/tokens", json={"login": "ada", "role": "viewer", **more})


async def test_a_token_opens_what_its_role_may(clients: Clients, api: httpx2.AsyncClient) -> None:
    made = (await _grant(api, label="laptop")).json()
    who = (await clients.client(made["token"]).get("/whoami")).json()
    assert (who["login"], who["role"]) == ("ada", "viewer")
    assert who["permissions"] == ["data_read", "identified", "public", "read"]


async def test_a_revoked_token_is_dead_at_once(clients: Clients, api: httpx2.AsyncClient) -> None:
    made = (await _grant(api)).json()
    ada = clients.client(made["token"])
    assert (await ada.get("/whoami")).status_code == 200
    assert (await api.delete(f"/tokens/{made['id']}")).status_code == 204
    assert (await ada.get("/whoami")).status_code == 401
    assert (await api.delete("/tokens/ffffffff")).status_code == 404


async def test_an_expired_token_is_none(clients: Clients, api: httpx2.AsyncClient) -> None:
    made = (await _grant(api, expires=(datetime.now(UTC) - timedelta(seconds=1)).isoformat())).json()
    assert (await clients.client(made["token"]).get("/whoami")).status_code == 401


async def test_secrets_are_shown_once_and_stored_as_a_hash(api: httpx2.AsyncClient, store: Store) -> None:
    made = (await _grant(api)).json()
    secret = made["token"].split("_", 2)[2]
    listed = await api.get("/tokens")
    assert made["id"] in {token["id"] for token in listed.json()["items"]}
    assert secret not in listed.text
    async with store.connection() as connection:
        rows = await connection.fetch("SELECT id || encode(hash, 'escape') || label AS all FROM attune.token")
    assert all(secret not in row["all"] for row in rows)


async def test_a_login_keeps_its_role(api: httpx2.AsyncClient) -> None:
    await _grant(api)
    answer = await _grant(api, role="admin")
    assert (answer.status_code, answer.json()["code"]) == (409, "other_role")


@pytest.mark.parametrize(
    "more", [{"role": "king"}, {"login": ""}, {"login": "a b"}, {"expires": "soon"}, {"hash": "x"}, {"label": 5}]
)
async def test_what_is_no_grant(api: httpx2.AsyncClient, more: dict[str, object]) -> None:
    answer = await _grant(api, **more)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == f"body.{next(iter(more))}"


async def test_a_wrong_secret_for_a_known_id(clients: Clients, api: httpx2.AsyncClient) -> None:
    made = (await _grant(api)).json()
    forged = made["token"][:-1] + ("A" if made["token"][-1] != "A" else "B")
    assert (await clients.client(forged).get("/whoami")).status_code == 401


@pytest.mark.parametrize("scheme", ["Basic", "Token", ""])
async def test_only_bearer(clients: Clients, scheme: str) -> None:
    answer = await clients.client().get("/whoami", headers={"Authorization": f"{scheme} {ADMIN}".strip()})
    assert answer.status_code == 401


async def _running(store: Store, status: str, token: str) -> int:
    sql = """INSERT INTO attune.execution (action_ref, status, token, trace_id, identity)
             VALUES ('core.noop', $1, $2, 't', (SELECT id FROM attune.identity WHERE login = 'admin')) RETURNING id"""
    async with store.unit() as unit:
        execution: int = await unit.fetchval(sql, status, token)
    return execution


async def test_an_attempt_has_the_rights_of_its_identity_but_never_an_admins(clients: Clients, store: Store) -> None:
    secret = "f" * 32
    action = clients.client(f"att_exec-{await _running(store, 'running', secret)}_{secret}")
    who = (await action.get("/whoami")).json()
    assert (who["login"], who["role"], who["kind"]) == ("admin", "action", "action")
    assert (await action.put("/kv/a", json={"value": 1})).status_code == 201
    assert (await action.get("/tokens")).status_code == 403
    assert (await action.delete("/packs/core")).status_code == 403


@pytest.mark.parametrize("status", ["completed", "requested", "cancelled"])
async def test_the_token_of_an_attempt_ends_with_it(clients: Clients, store: Store, status: str) -> None:
    secret = "f" * 32
    execution = await _running(store, status, secret)
    assert (await clients.client(f"att_exec-{execution}_{secret}").get("/whoami")).status_code == 401


def test_a_configured_token_must_be_one() -> None:
    settings = Settings(bootstrap_admin_token="secret")
    with pytest.raises(AttuneError, match="ATTUNE_BOOTSTRAP_ADMIN_TOKEN"):
        create_app(Store(settings), MemoryBus(), settings)
