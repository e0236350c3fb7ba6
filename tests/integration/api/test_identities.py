"""Identities, passwords, sessions, tokens: who comes in, for how long, and with how much."""

from __future__ import annotations

import asyncio
import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import httpx2
import pytest
from tests.integration.api.conftest import ADMIN, Clients

from attune_api.permissions import Role
from attune_common.store.store import Store

Api: TypeAlias = httpx2.AsyncClient
PASSWORD = "correct horse battery"


async def _ada(api: Api, **more: Any) -> httpx2.Response:
    body = {"login": "ada", "role": "operator", "password": PASSWORD, "label": "Ada L."}
    return await api.post("/identities", json=body | more)


async def _login(clients: Clients, password: str = PASSWORD, login: str = "ada") -> httpx2.Response:
    return await clients.client().post("/login", json={"login": login, "password": password})


async def test_an_identity_from_its_making_to_its_end(clients: Clients, api: Api) -> None:
    made = await _ada(api)
    assert made.status_code == 201, made.text
    assert "password" not in made.json()
    assert (made.json()["has_password"], made.json()["grants"], made.json()["enabled"]) == (True, {}, True)
    assert (await _ada(api)).json()["code"] == "login_taken"
    changed = (await api.put("/identities/ada", json={"role": "author"})).json()
    assert (changed["role"], changed["label"]) == ("author", "Ada L.")
    assert "ada" in [row["login"] for row in (await api.get("/identities", params={"kind": "user"})).json()["items"]]
    assert (await api.get("/identities", params={"role": "viewer"})).json()["items"] == []
    assert (await api.delete("/identities/ada")).status_code == 204
    assert (await api.get("/identities/ada")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"login": "me"},
        {"login": "a b"},
        {"login": "-a"},
        {"login": ""},
        {"login": "ada", "role": "king"},
        {"login": "ada", "password": "short"},
        {"login": "ada", "password": "x" * 1001},
        {"login": "bot", "kind": "service", "password": PASSWORD},
        {"login": "ada", "enabled": True},
    ],
)
async def test_what_is_no_identity(api: Api, body: dict[str, Any]) -> None:
    answer = await api.post("/identities", json=body)
    assert answer.status_code == 422
    assert PASSWORD not in answer.text


async def test_a_session_ends_when_it_is_told_to(clients: Clients, api: Api) -> None:
    await _ada(api)
    made = await _login(clients)
    assert made.status_code == 201, made.text
    ends = datetime.fromisoformat(made.json()["expires"]) - datetime.now(UTC)
    assert timedelta(hours=11) < ends < timedelta(hours=13)
    ada = clients.client(made.json()["token"])
    assert (await ada.get("/whoami")).json()["login"] == "ada"
    assert [row["kind"] for row in (await ada.get("/tokens")).json()["items"]] == ["session"]
    assert (await ada.post("/logout")).status_code == 204
    assert (await ada.get("/whoami")).status_code == 401


async def test_five_failures_a_minute_and_then_nobody(clients: Clients, api: Api) -> None:
    """Also not with the right password, and all the same for somebody who is not there."""
    await _ada(api)
    await _ada(api, login="bob")
    for login in ("ada", "nobody"):
        answers = await asyncio.gather(*(_login(clients, "wrong password", login) for _ in range(12)))
        assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 7
        late = await _login(clients, PASSWORD, login)
        assert (late.status_code, late.json()["code"]) == (429, "too_many_failures")
        assert 1 <= int(late.headers["retry-after"]) <= 60
    assert (await _login(clients, PASSWORD, "bob")).status_code == 201


async def test_a_minute_later_it_goes_on(clients: Clients, api: Api, store: Store) -> None:
    await _ada(api)
    for _ in range(5):
        await _login(clients, "wrong password")
    async with store.unit() as unit:
        await unit.execute("UPDATE attune.login_failure SET time = time - interval '61 seconds'")
    assert (await _login(clients)).status_code == 201


async def test_success_is_not_counted(clients: Clients, api: Api) -> None:
    await _ada(api)
    for _ in range(8):
        assert (await _login(clients)).status_code == 201


async def test_the_same_answer_and_time_whether_there_is_anybody(clients: Clients, api: Api, store: Store) -> None:
    await _ada(api)
    await _ada(api, login="gone")
    await api.put("/identities/gone", json={"enabled": False})
    await api.post("/identities", json={"login": "bot", "kind": "service"})
    bodies, times = [], {}
    for login in ("ada", "gone", "bot", "nobody"):
        taken = []
        for _ in range(4):
            begun = time.process_time()
            answer = await _login(clients, "wrong password", login)
            taken.append(time.process_time() - begun)
            bodies.append({**answer.json(), "request_id": "", "status": answer.status_code})
        times[login] = statistics.median(taken)
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["status"] == 401
    assert max(times.values()) < 2.5 * min(times.values()), times
    assert min(times.values()) > 0.01, "no password was hashed"


async def test_a_disabled_identity_is_out_at_once(clients: Clients, api: Api) -> None:
    await _ada(api)
    ada = clients.client((await _login(clients)).json()["token"])
    await api.put("/identities/ada", json={"enabled": False})
    assert (await ada.get("/whoami")).status_code == 401
    assert (await _login(clients)).status_code == 401
    await api.put("/identities/ada", json={"enabled": True})
    assert (await ada.get("/whoami")).status_code == 200


async def test_ones_own_password(clients: Clients, api: Api) -> None:
    await _ada(api)
    ada, elsewhere = [clients.client((await _login(clients)).json()["token"]) for _ in range(2)]
    new = {"password": "another long one"}
    assert (await ada.put("/identities/ada/password", json=new)).json()["code"] == "bad_password"
    assert (await ada.put("/identities/ada/password", json=new | {"current": PASSWORD})).status_code == 204
    assert ((await ada.get("/whoami")).status_code, (await elsewhere.get("/whoami")).status_code) == (200, 401)
    assert (await _login(clients)).status_code == 401
    assert (await _login(clients, "another long one")).status_code == 201
    assert (await ada.put("/identities/admin/password", json=new)).status_code == 403


async def test_guessing_ones_present_password_is_counted_too(clients: Clients, api: Api) -> None:
    await _ada(api)
    ada = clients.client((await _login(clients)).json()["token"])
    body = {"password": "another long one", "current": "guess"}
    answers = [(await ada.put("/identities/ada/password", json=body)).status_code for _ in range(7)]
    assert answers == [403] * 5 + [429] * 2


async def test_an_administrator_sets_any_and_services_have_none(clients: Clients, api: Api) -> None:
    await _ada(api, password=None)
    assert (await _login(clients)).status_code == 401
    assert (await api.put("/identities/ada/password", json={"password": PASSWORD})).status_code == 204
    assert (await _login(clients)).status_code == 201
    await api.post("/identities", json={"login": "bot", "kind": "service"})
    assert (await api.put("/identities/bot/password", json={"password": PASSWORD})).status_code == 422
    assert (await api.put("/identities/nobody/password", json={"password": PASSWORD})).status_code == 404


async def test_passwords_are_kept_as_argon2(clients: Clients, api: Api, store: Store) -> None:
    await _ada(api)
    async with store.connection() as connection:
        kept = await connection.fetchval("SELECT password FROM attune.identity WHERE login = 'ada'")
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


async def test_the_last_administrator_stays(api: Api, store: Store) -> None:
    async with store.unit() as unit:
        await unit.execute("UPDATE attune.identity SET enabled = false WHERE role = 'admin' AND login <> 'admin'")
    for answer in (
        await api.put("/identities/admin", json={"role": "author"}),
        await api.put("/identities/admin", json={"enabled": False}),
        await api.delete("/identities/admin"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
    await _ada(api, role="admin")
    assert (await api.put("/identities/admin", json={"label": "The first"})).status_code == 200


@pytest.mark.usefixtures("pack")
async def test_who_owns_rules_is_not_removed(clients: Clients, api: Api) -> None:
    await _ada(api, role="author")
    ada = clients.client((await _login(clients)).json()["token"])
    rule = {"ref": "sample.mine", "trigger": "sample.open", "action": "sample.echo"}
    assert (await ada.post("/rules", json=rule)).status_code == 201
    refused = await api.delete("/identities/ada")
    assert (refused.status_code, refused.json()["code"]) == (409, "owns_rules")
    assert "sample.mine" in refused.text


async def test_roles_on_packs(clients: Clients, api: Api) -> None:
    await _ada(api, role="none")
    given = await api.put("/identities/ada/grants/web", json={"role": "operator"})
    assert (given.status_code, given.json()["pack"]) == (201, "web")
    assert (await api.put("/identities/ada/grants/web", json={"role": "author"})).status_code == 200
    ada = clients.client((await _login(clients)).json()["token"])
    assert "author" in (await ada.get("/whoami")).json()["packs"]["web"]
    assert [row["role"] for row in (await api.get("/identities/ada/grants")).json()] == ["author"]
    assert (await api.delete("/identities/ada/grants/web")).status_code == 204
    assert (await api.delete("/identities/ada/grants/web")).status_code == 404
    assert (await ada.get("/whoami")).json()["packs"] == {}
    for role in ("none", "worker", "king"):
        assert (await api.put("/identities/ada/grants/web", json={"role": role})).status_code == 422
    assert (await api.put("/identities/nobody/grants/web", json={"role": "viewer"})).status_code == 404


async def test_a_token_of_ones_own_may_at_most_what_one_may(clients: Clients, api: Api) -> None:
    await _ada(api)
    ada = clients.client((await _login(clients)).json()["token"])
    assert (await ada.post("/tokens", json={"role": "admin"})).status_code == 403
    assert (await ada.post("/tokens", json={"scopes": ["admin"]})).status_code == 403
    assert (await ada.post("/tokens", json={"login": "bob", "role": "viewer"})).status_code == 403
    plain = (await ada.post("/tokens", json={"label": "laptop"})).json()
    assert (plain["login"], plain["role"]) == ("ada", "operator")
    less = clients.client((await ada.post("/tokens", json={"role": "viewer"})).json()["token"])
    assert "run" not in (await less.get("/whoami")).json()["permissions"]
    assert (await less.post("/tokens", json={"role": "operator"})).status_code == 403
    scoped = clients.client((await ada.post("/tokens", json={"scopes": ["data_read"]})).json()["token"])
    assert (await scoped.get("/whoami")).json()["permissions"] == ["data_read", "identified", "public"]
    again = clients.client((await scoped.post("/tokens", json={})).json()["token"])
    assert (await again.get("/whoami")).json()["permissions"] == ["data_read", "identified", "public"]
    assert (await again.get("/executions")).status_code == 403


async def test_a_token_follows_its_identity(clients: Clients, api: Api) -> None:
    await _ada(api)
    ada = clients.client((await _login(clients)).json()["token"])
    token = clients.client((await ada.post("/tokens", json={})).json()["token"])
    await api.put("/identities/ada", json={"role": "viewer"})
    assert (await token.get("/whoami")).json()["role"] == "viewer"


async def test_one_sees_and_revokes_ones_own_tokens(clients: Clients, api: Api) -> None:
    await _ada(api)
    await _ada(api, login="bob")
    ada = clients.client((await _login(clients)).json()["token"])
    bob = clients.client((await _login(clients, login="bob")).json()["token"])
    mine = (await ada.post("/tokens", json={"label": "mine"})).json()
    assert {row["login"] for row in (await ada.get("/tokens")).json()["items"]} == {"ada"}
    assert (await ada.get("/tokens", params={"login": "bob"})).json()["items"] == []
    assert (await bob.delete(f"/tokens/{mine['id']}")).status_code == 404
    assert (await ada.delete(f"/tokens/{mine['id']}")).status_code == 204
    assert (await clients.client(mine["token"]).get("/whoami")).status_code == 401
    seen = (await api.get("/tokens", params={"login": "ada", "limit": 200})).json()["items"]
    assert {row["login"] for row in seen} == {"ada"}


async def test_a_token_that_has_expired(clients: Clients, api: Api) -> None:
    await _ada(api)
    ada = clients.client((await _login(clients)).json()["token"])
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    made = (await ada.post("/tokens", json={"expires": past})).json()
    assert (await clients.client(made["token"]).get("/whoami")).status_code == 401


async def test_the_worker_and_nobody_are_cut_as_well(clients: Clients) -> None:
    worker = await clients.as_role(Role.WORKER)
    made = await worker.post("/tokens", json={})
    assert made.status_code == 201
    assert (await clients.client(made.json()["token"]).get("/whoami")).json()["role"] == "worker"
    assert (await clients.client(ADMIN).get("/whoami")).json()["role"] == "admin"
