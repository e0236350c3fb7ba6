"""The datastore: scopes, ends, versions, and changes that happen only when nothing has changed."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from tests.integration.api import world
from tests.integration.api.conftest import Clients
from tests.support.waiting import until

from attune_api.permissions import Role
from attune_common.store import kv
from attune_common.store.store import Store


@pytest.mark.parametrize("key", ["replicas", "web.replicas", "pack:web/replicas", "identity:me/replicas", "a/b/c"])
async def test_any_json_in_every_scope(api: httpx2.AsyncClient, store: Store, key: str) -> None:
    await world.pack(store, "web")
    for value in (None, "", "text", 12, 1.5, True, [1, {"a": None}], {"deep": {"er": []}}):
        put = await api.put(f"/kv/{key}", json={"value": value})
        assert put.status_code in (200, 201), put.text
        assert (await api.get(f"/kv/{key}")).json()["value"] == value


async def test_me_is_the_caller(clients: Clients, api: httpx2.AsyncClient) -> None:
    await api.put("/kv/identity:me/cursor", json={"value": 1})
    assert (await api.get("/kv/identity:admin/cursor")).json()["key"] == "identity:admin/cursor"
    operator = await clients.as_role(Role.OPERATOR)
    assert (await operator.get("/kv/identity:admin/cursor")).status_code == 404
    assert (await operator.get("/kv/identity:me/cursor")).status_code == 404
    assert (await operator.put("/kv/identity:admin/cursor", json={"value": 2})).status_code == 404
    listed = (await operator.get("/kv")).json()["items"]
    assert [item["key"] for item in listed] == []
    await operator.put("/kv/identity:me/own", json={"value": 1})
    await operator.put("/kv/plain", json={"value": 1})
    listed = (await operator.get("/kv")).json()["items"]
    assert [item["key"] for item in listed] == ["identity:test-operator/own", "plain"]


@pytest.mark.parametrize("key", ["pack:web", "identity:/x", "value:1", "config:web/key", "pack:a.b/x"])
async def test_what_is_no_key_is_told(api: httpx2.AsyncClient, key: str) -> None:
    answer = await api.put(f"/kv/{key}", json={"value": 1})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_key")


async def _version(api: httpx2.AsyncClient, key: str = "a") -> str:
    return str((await api.get(f"/kv/{key}")).headers["etag"])


async def test_a_change_over_another_is_refused(api: httpx2.AsyncClient) -> None:
    await api.put("/kv/a", json={"value": 1})
    seen = await _version(api)
    assert (await api.put("/kv/a", json={"value": 2}, headers={"If-Match": seen})).status_code == 200
    late = await api.put("/kv/a", json={"value": 3}, headers={"If-Match": seen})
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert (await api.get("/kv/a")).json()["value"] == 2
    assert (await api.delete("/kv/a", headers={"If-Match": seen})).status_code == 412
    assert (await api.delete("/kv/a", headers={"If-Match": await _version(api)})).status_code == 204


async def test_made_only_when_it_is_not_there(api: httpx2.AsyncClient) -> None:
    new = {"If-None-Match": "*"}
    assert (await api.put("/kv/a", json={"value": 1}, headers=new)).status_code == 201
    assert (await api.put("/kv/a", json={"value": 2}, headers=new)).status_code == 412
    assert (await api.delete("/kv/a", headers=new)).status_code == 412
    assert (await api.put("/kv/b", json={"value": 1}, headers={"If-Match": "*"})).status_code == 412
    assert (await api.put("/kv/a", json={"value": 3}, headers={"If-Match": "*"})).status_code == 200


async def test_a_version_never_comes_back(api: httpx2.AsyncClient) -> None:
    await api.put("/kv/a", json={"value": 1})
    seen = await _version(api)
    await api.delete("/kv/a")
    await api.put("/kv/a", json={"value": 1})
    assert (await api.put("/kv/a", json={"value": 2}, headers={"If-Match": seen})).status_code == 412


@pytest.mark.parametrize(
    "headers",
    [{"If-Match": "12"}, {"If-Match": '"1", x'}, {"If-None-Match": '"1"'}, {"If-Match": "*", "If-None-Match": "*"}],
)
async def test_headers_that_say_nothing(api: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    assert (await api.put("/kv/a", json={"value": 1}, headers=headers)).status_code == 422


async def test_of_fifty_who_saw_the_same_one_wins(api: httpx2.AsyncClient) -> None:
    await api.put("/kv/a", json={"value": 0})
    seen = {"If-Match": await _version(api)}
    answers = await asyncio.gather(*(api.put("/kv/a", json={"value": n}, headers=seen) for n in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 49


async def test_of_fifty_who_make_it_one_does(api: httpx2.AsyncClient) -> None:
    new = {"If-None-Match": "*"}
    answers = await asyncio.gather(*(api.put("/kv/b", json={"value": n}, headers=new) for n in range(50)))
    assert sorted(answer.status_code for answer in answers) == [201] + [412] * 49


async def test_increments_add_up(api: httpx2.AsyncClient) -> None:
    await asyncio.gather(*(api.post("/kv/n/increment", json={"by": 2}) for _ in range(50)))
    assert (await api.get("/kv/n")).json()["value"] == 100


async def _expire(store: Store, key: str) -> None:
    async with store.unit() as unit:
        await unit.execute("UPDATE attune.kv SET expires = now() - interval '1 second' WHERE key = $1", key)


async def test_what_has_expired_is_not_there(api: httpx2.AsyncClient, store: Store) -> None:
    await api.put("/kv/a", json={"value": 5, "ttl": 60})
    assert (await api.get("/kv/a")).json()["expires"] is not None
    await _expire(store, "a")
    assert (await api.get("/kv/a")).status_code == 404
    assert (await api.get("/kv")).json()["items"] == []
    assert (await api.delete("/kv/a")).status_code == 404
    assert (await api.post("/kv/a/increment", json={"by": 3, "ttl": 60})).json()["value"] == 3
    await _expire(store, "a")
    assert (await api.put("/kv/a", json={"value": 1}, headers={"If-None-Match": "*"})).status_code == 201


async def test_a_counter_keeps_the_end_that_it_was_made_with(api: httpx2.AsyncClient) -> None:
    first = (await api.post("/kv/n/increment", json={"ttl": 60})).json()
    again = (await api.post("/kv/n/increment", json={"ttl": 6000})).json()
    assert again["expires"] == first["expires"]
    kept = (await api.put("/kv/n", json={"value": 1})).json()
    assert kept["expires"] is None


async def test_time_itself_ends_it(api: httpx2.AsyncClient) -> None:
    await api.put("/kv/a", json={"value": 5, "ttl": 0.05})

    async def gone() -> bool:
        return (await api.get("/kv/a")).status_code == 404

    assert await until(gone, 5)


@pytest.mark.parametrize("ttl", [0, -1, 1e12, "soon", "60", True])
async def test_an_end_that_is_none(api: httpx2.AsyncClient, ttl: Any) -> None:
    refused = await api.put("/kv/a", json={"value": 5, "ttl": ttl})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "body.ttl")


async def test_the_sweep_removes_only_what_has_expired(api: httpx2.AsyncClient, store: Store) -> None:
    for key in ("a", "b", "c"):
        await api.put(f"/kv/{key}", json={"value": 1, "ttl": 60})
    await _expire(store, "a")
    async with store.unit() as unit:
        assert await kv.sweep(unit, 100) == 1
    assert len((await api.get("/kv")).json()["items"]) == 2


async def test_what_is_for_a_pack_that_there_is_not_is_refused(clients: Clients, api: httpx2.AsyncClient) -> None:
    granted = await clients.on_packs("eve", {"web": Role.ADMIN})
    for client in (api, granted):
        put = await client.put("/kv/pack:web/a", json={"value": 1})
        for answer in (put, await client.post("/kv/pack:web/a/increment", json={})):
            assert (answer.status_code, answer.json()["detail"]) == (404, "there is no pack 'web'")
    assert (await api.put("/kv/web.a", json={"value": 1})).status_code == 201, "a name of the system's, with a dot"
    assert [item["key"] for item in (await api.get("/kv")).json()["items"]] == ["web.a"]


async def test_beginnings(api: httpx2.AsyncClient, store: Store) -> None:
    for ref in ("web", "webby"):
        await world.pack(store, ref)
    for key in ("pack:web/a", "pack:web/b", "pack:webby/a", "web.a"):
        await api.put(f"/kv/{key}", json={"value": 1})
    found = (await api.get("/kv", params={"prefix": "pack:web/"})).json()["items"]
    assert [item["key"] for item in found] == ["pack:web/a", "pack:web/b"]
