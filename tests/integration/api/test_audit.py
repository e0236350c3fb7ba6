"""The audit trail: every change is in it with who did it, nothing can be taken out of it, and that can be proved."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import httpx2
import pytest
from tests.integration.api import samples
from tests.integration.api.conftest import Clients

from attune_api import tidy
from attune_api.app import all_routes
from attune_api.permissions import Permission, Role
from attune_common.store import audit
from attune_common.store.errors import DatabaseError
from attune_common.store.store import Store

Api: TypeAlias = httpx2.AsyncClient


async def _entries(api: Api, **filters: Any) -> list[dict[str, Any]]:
    found = (await api.get("/audit", params={"limit": 200, **filters})).json()["items"]
    return list(reversed(found))


async def _told(api: Api, **filters: Any) -> list[tuple[str, str, str]]:
    return [(row["action"], row["subject"], row["outcome"]) for row in await _entries(api, **filters)]


async def test_who_did_what(clients: Clients, api: Api) -> None:
    await api.post("/packs", content=samples.archive(), headers=samples.GZIP)
    operator = await clients.as_role(Role.OPERATOR)
    started = await operator.post("/executions", json={"action": "sample.echo", "parameters": {"message": "hi"}})
    number = started.json()["id"]
    await operator.post(f"/executions/{number}/cancel")
    await operator.put("/kv/web.a", json={"value": 1}, headers={"X-Request-ID": "mine-1"})
    await operator.post("/events", json={"trigger": "sample.open"})
    await operator.delete("/rules/sample.on_push")
    await operator.get("/executions")
    await operator.get("/kv/web.a")
    assert await _told(api, login="test-operator") == [
        ("executions.start", "sample.echo", "done"),
        ("executions.cancel", str(number), "done"),
        ("kv.put", "web.a", "done"),
        ("events.fire", "sample.open", "done"),
        ("rules.delete", "sample.on_push", "refused"),
    ]
    kv = (await _entries(api, action="kv"))[0]
    assert kv["request_id"] == "mine-1"
    assert (await _entries(api, action="executions.start"))[0]["detail"] == {"execution": number}
    assert ("packs.register", "sample", "done") in await _told(api, login="admin")


async def test_what_does_not_happen_is_not_told(api: Api) -> None:
    await api.put("/kv/a", json={"value": 1, "ttl": -1})
    await api.delete("/kv/not.there")
    await api.post("/executions", json={"action": "no.such"})
    assert await _told(api) == []


async def test_secrets_logins_and_identities(clients: Clients, api: Api) -> None:
    password = "correct horse battery"
    await api.post("/identities", json={"login": "ada", "role": "admin", "password": password})
    await clients.client().post("/login", json={"login": "ada", "password": "a wrong password"})
    made = await clients.client().post("/login", json={"login": "ada", "password": password})
    ada = clients.client(made.json()["token"])
    await ada.put("/secrets/web.key", json={"value": "hunter2"})
    await ada.post("/secrets/web.key/reveal")
    await ada.post("/secrets/rotate")
    await ada.post("/tokens", json={})
    await ada.post("/logout")
    told = await _told(api)
    assert told == [
        ("identities.create", "ada", "done"),
        ("login", "ada", "failed"),
        ("login", "ada", "done"),
        ("secret.put", "web.key", "done"),
        ("secret.reveal", "web.key", "done"),
        ("secrets.rotate", "test", "done"),
        ("tokens.create", told[6][1], "done"),
        ("logout", "", "done"),
    ]
    assert [row["login"] for row in await _entries(api, action="secret")] == ["ada", "ada"]
    everything = json.dumps(await _entries(api))
    assert "hunter2" not in everything
    assert password not in everything
    assert "a wrong password" not in everything


async def test_every_route_that_changes_something_is_told(api: Api) -> None:
    """By its permission: services that tell of themselves, tickets to look, and nothing else, are left out."""
    left_out = {
        (method, route.path)
        for route in all_routes()
        for method in route.methods or ()
        if method != "GET" and (route.declaration.permission is Permission.CONTENT or route.declaration.quiet)
    }
    assert {path for _, path in left_out} == {
        "/api/v1/tickets",
        "/api/v1/tickets/take",
        "/api/v1/workers/claims",
        "/api/v1/sensors/leases",
        "/api/v1/sensors/{ref}/start",
        "/api/v1/sensors/{ref}/events",
        "/api/v1/sensors/{ref}/logs",
    }


async def test_the_trail_is_whole(api: Api, store: Store) -> None:
    for number in range(5):
        await api.put(f"/kv/k{number}", json={"value": number})
    found = (await api.get("/audit/verify")).json()
    assert (found["ok"], found["entries"], found["first"], found["last"], found["broken"]) == (True, 5, 1, 5, [])
    await api.put("/kv/more", json={"value": 1})
    assert [row["position"] for row in await _entries(api)] == [1, 2, 3, 4, 5, None]
    await tidy.once(store)
    assert (await _entries(api))[-1]["position"] == 6


_TAMPER = "SET session_replication_role = replica; {}; SET session_replication_role = DEFAULT"


@pytest.mark.parametrize(
    ("statement", "position", "what"),
    [
        ("UPDATE attune.audit SET login = 'eve' WHERE position = 3", 3, "changed"),
        ("UPDATE attune.audit SET detail = '[]' WHERE position = 3", 3, "changed"),
        ("UPDATE attune.audit SET time = time + interval '1 microsecond' WHERE position = 3", 3, "changed"),
        ("DELETE FROM attune.audit WHERE position = 3", 4, "missing"),
        (
            "UPDATE attune.audit a SET login = 'eve'  WHERE position = 3; "
            "UPDATE attune.audit a SET hash = attune.audit_hash(a) WHERE position = 3",
            4,
            "relinked",
        ),
    ],
)
async def test_whoever_changes_it_is_found_out(
    api: Api, store: Store, statement: str, position: int, what: str
) -> None:
    """With the rights of a superuser, past the triggers."""
    for number in range(5):
        await api.put(f"/kv/k{number}", json={"value": number})
    await api.get("/audit/verify")
    async with store.connection() as connection:
        await connection.execute(_TAMPER.format(statement))
    found = (await api.get("/audit/verify")).json()
    assert found["ok"] is False
    assert [(row["position"], row["what"]) for row in found["broken"]] == [(position, what)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attune.audit SET login = 'eve'",
        "UPDATE attune.audit SET position = 7, hash = '', login = 'eve'",
        "DELETE FROM attune.audit",
        "TRUNCATE attune.audit",
    ],
)
async def test_the_database_itself_only_adds(api: Api, store: Store, statement: str) -> None:
    await api.put("/kv/a", json={"value": 1})
    with pytest.raises(DatabaseError, match="only ever added"):
        async with store.unit() as unit:
            await unit.execute(statement)


async def test_a_beginning_that_is_gone_is_found_out_unless_the_trail_says_so(api: Api, store: Store) -> None:
    for number in range(4):
        await api.put("/kv/a", json={"value": number})
    whole = (await api.get("/audit/verify")).json()
    async with store.unit() as unit:
        await unit.execute("ALTER TABLE attune.audit DISABLE TRIGGER USER")
        await unit.execute("DELETE FROM attune.audit WHERE position < 3")
        await unit.execute("ALTER TABLE attune.audit ENABLE TRIGGER USER")
    found = (await api.get("/audit/verify")).json()
    assert (found["ok"], [one["what"] for one in found["broken"]]) == (False, ["beheaded"])
    seen = {"position": whole["last"], "hash": whole["head"]}
    assert [one["what"] for one in (await api.get("/audit/verify", params=seen)).json()["broken"]] == ["beheaded"]
    seen["hash"] = "0" * 64
    assert "unseen" in [one["what"] for one in (await api.get("/audit/verify", params=seen)).json()["broken"]]
    assert (await api.get("/audit/verify", params={"position": 3})).status_code == 422


async def test_an_export_can_be_checked_without_the_database(api: Api) -> None:
    for number in range(3):
        await api.put(f"/kv/k{number}", json={"value": "ö\n\"'"})
    await api.put("/kv/ä", json={"value": 1})
    await api.put("/kv/" + "x" * 255, json={"value": 1})
    answer = await api.get("/audit/export")
    assert answer.headers["content-type"] == "application/x-ndjson"
    previous = ""
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert len(lines) == 4
    for line in lines:
        assert line["previous"] == previous
        row = {**line, "time": datetime.fromisoformat(line["time"])}
        previous = audit.row_hash(row, line["previous"])
        assert previous == line["hash"]
    assert (await api.get("/audit/verify")).json()["head"] == previous
    later = await api.get("/audit/export", params={"after": 3})
    assert len(later.text.splitlines()) == 1


async def test_a_change_that_is_undone_leaves_no_trail(store: Store) -> None:
    entry = audit.Entry("test", "x")

    async def fail() -> None:
        async with store.unit() as unit:
            unit.record(entry)
            await unit.execute("SELECT 1 / 0")

    with pytest.raises(DatabaseError):
        await fail()
    async with store.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM attune.audit") == 0


async def test_filters_and_pages(clients: Clients, api: Api) -> None:
    for number in range(7):
        await api.put(f"/kv/k{number}", json={"value": number})
    await api.delete("/kv/k1")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"action": "kv", "limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/audit", params=params)).json()
        seen += [row["subject"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["k1", "k6", "k5", "k4", "k3", "k2", "k1", "k0"]
    assert await _told(api, subject="k1") == [("kv.put", "k1", "done"), ("kv.delete", "k1", "done")]
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert await _told(api, since=soon) == []
    assert len(await _told(api, until=soon)) == 8
    assert (await api.get("/audit", params={"since": "yesterday"})).status_code == 422


async def test_retention_takes_from_the_oldest_end_and_says_so(api: Api, store: Store) -> None:
    for number in range(6):
        await api.put(f"/kv/k{number}", json={"value": number})
    await api.get("/audit/verify")
    async with store.unit() as unit:
        assert await audit.forget(unit, -60.0, 4) == 4
    found = (await api.get("/audit/verify")).json()
    assert (found["ok"], found["first"], found["entries"]) == (True, 5, 3)
    assert (await _entries(api))[-1]["detail"]["last_position"] == 4
