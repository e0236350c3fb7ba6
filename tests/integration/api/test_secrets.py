"""Secrets through the API: set, described, revealed, rotated; opened for an attempt and for nobody else."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, TypeAlias

import httpx2
import pytest
from tests.integration.api import world
from tests.integration.api.conftest import Clients

from attune_api.permissions import Role
from attune_api.usecases import keep_secrets
from attune_common.runtime.settings import Settings
from attune_common.store import identities, rights, secrets
from attune_common.store.secrets import Owned
from attune_common.store.store import Store
from attune_common.vault.envelope import Vault
from attune_common.vault.keyring import new_key, put_first
from attune_core.expressions.markers import encode
from attune_core.expressions.secrets import Encoding, Secret

Api: TypeAlias = httpx2.AsyncClient
TOKEN = "f" * 32


@pytest.mark.parametrize("value", ["hunter2", "", None, 5, {"user": "ada", "password": ["x"]}])
@pytest.mark.parametrize("key", ["plain", "web.key", "pack:web/key", "identity:me/key"])
async def test_any_json_is_kept_and_only_revealed_when_asked(api: Api, key: str, value: Any) -> None:
    put = await api.put(f"/secrets/{key}", json={"value": value, "description": "for the shop"})
    assert put.status_code == 201, put.text
    assert set(put.json()) == {"key", "description", "readers", "version", "master_key", "created", "updated"}
    assert (await api.get(f"/secrets/{key}")).json()["description"] == "for the shop"
    revealed = await api.post(f"/secrets/{key}/reveal")
    assert revealed.json() == {"key": put.json()["key"], "value": value}
    assert (await api.delete(f"/secrets/{key}")).status_code == 204
    assert (await api.post(f"/secrets/{key}/reveal")).status_code == 404


async def test_what_is_absent_stays(api: Api) -> None:
    await api.put("/secrets/a", json={"value": "x", "description": "d", "readers": ["ada"]})
    again = (await api.put("/secrets/a", json={"value": "y"})).json()
    assert (again["description"], again["readers"]) == ("d", ["ada"])
    described = (await api.put("/secrets/a", json={"readers": []})).json()
    assert (described["readers"], described["version"]) == ([], again["version"])
    assert (await api.post("/secrets/a/reveal")).json()["value"] == "y"
    assert (await api.put("/secrets/b", json={"readers": []})).status_code == 404


async def test_changes_over_changes_are_refused(api: Api) -> None:
    made = await api.put("/secrets/a", json={"value": "x"}, headers={"If-None-Match": "*"})
    seen = {"If-Match": made.headers["etag"]}
    assert (await api.put("/secrets/a", json={"value": "y"}, headers={"If-None-Match": "*"})).status_code == 412
    assert (await api.put("/secrets/a", json={"value": "y"}, headers=seen)).status_code == 200
    assert (await api.put("/secrets/a", json={"value": "z"}, headers=seen)).status_code == 412
    assert (await api.delete("/secrets/a", headers=seen)).status_code == 412


async def test_nothing_lists_what_has_no_name(api: Api, store: Store, clients: Clients) -> None:
    vault = clients.app.state.context.vault
    execution = await world.execution(store)
    async with store.unit() as unit:
        await secrets.insert(unit, [Owned(vault.seal("value:1", "x"), execution=execution)])
    await api.put("/secrets/a", json={"value": "x"})
    assert [item["key"] for item in (await api.get("/secrets")).json()["items"]] == ["a"]
    for key in ("value:1", "config:web/x"):
        assert (await api.get(f"/secrets/{key}")).status_code == 422
        assert (await api.post(f"/secrets/{key}/reveal")).status_code == 422


async def test_an_administrator_of_a_pack_sees_its_secrets_and_no_others(clients: Clients, api: Api) -> None:
    web = await clients.on_packs("eve", {"web": Role.ADMIN})
    for key in ("web.a", "pack:web/b", "payroll.a", "pack:payroll/b", "plain", "identity:admin/a"):
        await api.put(f"/secrets/{key}", json={"value": "x"})
    assert [item["key"] for item in (await web.get("/secrets")).json()["items"]] == ["pack:web/b", "web.a"]
    assert (await web.post("/secrets/web.a/reveal")).status_code == 200
    for key in ("payroll.a", "pack:payroll/b", "plain", "identity:admin/a"):
        for answer in (
            await web.get(f"/secrets/{key}"),
            await web.post(f"/secrets/{key}/reveal"),
            await web.put(f"/secrets/{key}", json={"value": "y"}),
            await web.delete(f"/secrets/{key}"),
        ):
            assert answer.status_code == 404
    assert (await web.post("/secrets/rotate")).status_code == 403


async def _asked(store: Store, parameters: dict[str, Any], identity: int | None, status: str = "running") -> int:
    stored, places = encode(parameters)
    return await world.execution(
        store, status=status, token=TOKEN, parameters=stored, secrets=places, identity=identity, attempt=1
    )


async def _identity(store: Store, login: str, role: Role, **packs: Role) -> int:
    async with store.unit() as unit:
        made = await identities.ensure(unit, login, "user", role.value)
        for pack, held in packs.items():
            await rights.put_grant(unit, made["id"], pack, held.value)
    return int(made["id"])


def _attempt(clients: Clients, execution: int, token: str = TOKEN) -> httpx2.AsyncClient:
    return clients.client(f"att_exec-{execution}_{token}")


async def test_an_attempt_gets_its_values_and_what_to_hide(clients: Clients, api: Api, store: Store) -> None:
    await api.put("/secrets/web.key", json={"value": "hunter2"})
    await api.put("/secrets/web.login", json={"value": {"user": "ada", "pin": 4711, "on": True}})
    key = Secret.of("web.key")
    execution = await _asked(
        store,
        {
            "header": Secret(("Bearer ",)).then(key),
            "deep": [{"basic": Secret(("ada:",)).then(key).encoded(Encoding.BASE64)}],
            "login": Secret.of("web.login"),
            "plain": "hunter2",
        },
        await _identity(store, "op", Role.OPERATOR),
    )
    answer = await _attempt(clients, execution).post(f"/executions/{execution}/secrets")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "values": [
            {"path": ["header"], "value": "Bearer hunter2"},
            {"path": ["deep", 0, "basic"], "value": base64.b64encode(b"ada:hunter2").decode()},
            {"path": ["login"], "value": {"user": "ada", "pin": 4711, "on": True}},
        ],
        "hide": ["4711", "ada", "hunter2"],
    }


async def test_only_the_current_attempt_of_that_execution(clients: Clients, api: Api, store: Store) -> None:
    await api.put("/secrets/web.key", json={"value": "hunter2"})
    who = await _identity(store, "op", Role.OPERATOR)
    mine = await _asked(store, {"key": Secret.of("web.key")}, who)
    other = await _asked(store, {"key": Secret.of("web.key")}, who)
    over = await _asked(store, {"key": Secret.of("web.key")}, who, status="completed")
    path = f"/executions/{mine}/secrets"
    assert (await _attempt(clients, mine).post(path)).status_code == 200
    assert (await _attempt(clients, other).post(path)).status_code == 404
    assert (await _attempt(clients, mine, "e" * 32).post(path)).status_code == 401
    assert (await _attempt(clients, over).post(f"/executions/{over}/secrets")).status_code == 401
    for role in Role:
        answer = await (await clients.as_role(role)).post(path)
        assert (answer.status_code, "hunter2" in answer.text) == (403, False)
    shown = await api.get(f"/executions/{mine}")
    assert shown.json()["parameters"] == {"key": "********"}


async def test_rights_are_asked_again_when_it_is_opened(clients: Clients, api: Api, store: Store) -> None:
    await api.put("/secrets/other_team.key", json={"value": "hunter2"})
    await api.put("/secrets/shared", json={"value": "hunter3", "readers": ["ada"]})
    ada = await _identity(store, "ada", Role.NONE, web=Role.OPERATOR)
    bob = await _identity(store, "bob", Role.OPERATOR)
    for who, key, status in (
        (ada, "other_team.key", 403),
        (ada, "shared", 200),
        (bob, "other_team.key", 200),
        (bob, "shared", 403),
        (None, "other_team.key", 403),
        (bob, "not.there", 403),
    ):
        execution = await _asked(store, {"key": Secret.of(key)}, who)
        answer = await _attempt(clients, execution).post(f"/executions/{execution}/secrets")
        assert answer.status_code == status, (who, key, answer.text)
        if status == 403:
            assert answer.json()["code"] == "forbidden_secret"
            assert "hunter" not in answer.text
    trail = (await api.get("/audit", params={"action": "secret.read", "outcome": "refused"})).json()["items"]
    assert [(row["login"], row["subject"]) for row in trail] == [
        ("bob", "not.there"),
        ("system", "other_team.key"),
        ("bob", "shared"),
        ("ada", "other_team.key"),
    ]


async def test_data_that_looks_like_a_marker_is_not_opened(clients: Clients, api: Api, store: Store) -> None:
    await api.put("/secrets/web.key", json={"value": "hunter2"})
    forged = {"key": Secret.of("web.key").to_json()}
    execution = await world.execution(
        store, status="running", token=TOKEN, parameters=forged, identity=await _identity(store, "op", Role.OPERATOR)
    )
    answer = await _attempt(clients, execution).post(f"/executions/{execution}/secrets")
    assert answer.json() == {"values": [], "hide": []}


async def test_a_secret_that_is_gone_is_told(clients: Clients, store: Store) -> None:
    execution = await _asked(store, {"key": Secret.of("value:gone")}, await _identity(store, "op", Role.OPERATOR))
    answer = await _attempt(clients, execution).post(f"/executions/{execution}/secrets")
    assert (answer.status_code, answer.json()["code"]) == (409, "secret_missing")


async def test_rotation(api: Api, clients: Clients, store: Store, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    old, new = new_key("old"), new_key("new")
    file.write_text(old.line + "\n")
    context = clients.app.state.context
    context.vault = Vault(Settings(master_key_file=file))
    for number in range(7):
        await api.put(f"/secrets/s{number}", json={"value": number})
    file.write_text(f"{new.line}\n{old.line}\n")
    await api.put("/secrets/s6", json={"value": "set after"})
    done = (await api.post("/secrets/rotate")).json()
    assert done == {"master_key": "new", "secrets": 6, "failed": [], "next": None, "wrapped_by": {"new": 7}}
    assert (await api.post("/secrets/rotate")).json()["secrets"] == 0
    file.write_text(new.line + "\n")
    values = [(await api.post(f"/secrets/s{number}/reveal")).json()["value"] for number in range(7)]
    assert values == [0, 1, 2, 3, 4, 5, "set after"]


async def test_rotation_goes_on_where_it_was_and_passes_what_is_damaged(
    api: Api, clients: Clients, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep_secrets, "_AT_ONCE", 3)
    file = tmp_path / "keys"
    old, new, gone = new_key("old"), new_key("new"), new_key("gone")
    for key, names in ((gone, ["c"]), (old, ["a", "b", "d", "e"])):
        file.write_text(key.line)
        clients.app.state.context.vault = Vault(Settings(master_key_file=file))
        for name in names:
            await api.put(f"/secrets/{name}", json={"value": name})
    async with store.unit() as unit:
        await unit.execute("UPDATE attune.secret SET wrapped = '\\x00' WHERE key = 'b'")
    put_first(file, new)
    first = (await api.post("/secrets/rotate")).json()
    assert (first["secrets"], first["next"]) == (1, "c")
    failed = {one["key"]: one["code"] for one in first["failed"]}
    assert failed == {"b": "secret_damaged", "c": "unknown_master_key"}
    second = (await api.post("/secrets/rotate", json={"after": first["next"]})).json()
    assert (second["secrets"], second["next"], second["failed"]) == (2, None, [])
    assert second["wrapped_by"] == {"gone": 1, "new": 3, "old": 1}
    again = (await api.post("/secrets/rotate")).json()
    assert (again["secrets"], again["next"]) == (0, None)
    assert (await api.post("/secrets/e/reveal")).json()["value"] == "e"


async def test_without_its_master_key_a_secret_is_not_opened_and_the_answer_says_why(
    api: Api, clients: Clients
) -> None:
    await api.put("/secrets/a", json={"value": "x"})
    context = clients.app.state.context
    context.vault = Vault(Settings(master_keys=new_key("other").line))
    answer = await api.post("/secrets/a/reveal")
    assert (answer.status_code, answer.json()["code"]) == (503, "unknown_master_key")
    context.vault = Vault(Settings())
    answer = await api.put("/secrets/a", json={"value": "y"})
    assert (answer.status_code, answer.json()["code"]) == (503, "secrets_unavailable")


async def test_a_row_moved_under_another_key_does_not_open(api: Api, store: Store) -> None:
    """Whoever can write to the database cannot make one secret pass for another."""
    await api.put("/secrets/web.mine", json={"value": "x"})
    await api.put("/secrets/other.theirs", json={"value": "hunter2"})
    async with store.unit() as unit:
        await unit.execute(
            "UPDATE attune.secret s SET wrapped = o.wrapped, sealed = o.sealed FROM attune.secret o "
            "WHERE s.key = 'web.mine' AND o.key = 'other.theirs'"
        )
    answer = await api.post("/secrets/web.mine/reveal")
    assert (answer.status_code, answer.json()["code"]) == (503, "secret_damaged")
    assert "hunter2" not in answer.text


@pytest.mark.usefixtures("pack")
async def test_the_same_request_again_is_recognised_and_another_is_refused(api: Api, store: Store) -> None:
    start = {"action": "sample.echo", "parameters": {"message": "hi", "password": "hunter2"}, "idempotency_key": "k"}
    first = await api.post("/executions", json=start)
    again = await api.post("/executions", json=start)
    assert (first.status_code, again.status_code, again.json()["id"]) == (202, 200, first.json()["id"])
    start["parameters"] = {"message": "hi", "password": "hunter3"}
    assert (await api.post("/executions", json=start)).status_code == 409
    async with store.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM attune.secret") == 1


@pytest.mark.usefixtures("pack")
async def test_an_execution_that_is_deleted_takes_its_secrets_along(api: Api, store: Store) -> None:
    await api.post("/executions", json={"action": "sample.echo", "parameters": {"message": "a", "password": "b" * 9}})
    async with store.unit() as unit:
        await unit.execute("DELETE FROM attune.execution")
        assert await unit.fetchval("SELECT count(*) FROM attune.secret") == 0
