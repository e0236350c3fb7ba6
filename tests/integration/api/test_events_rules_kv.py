"""Events, enforcements, rules and the datastore."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from tests.integration.api import world

from attune_common.contracts.event import EventCreated
from attune_common.store.store import Store

pytestmark = pytest.mark.usefixtures("pack")
EVENT = {"trigger": "sample.pushed", "payload": {"branch": "main"}}
RULE = {"ref": "my.rule", "trigger": "sample.pushed", "action": "sample.echo", "parameters": {"message": "hi"}}


async def test_an_event_is_recorded_and_announced(api: httpx2.AsyncClient, store: Store) -> None:
    answer = await api.post("/events", json=EVENT)
    assert (answer.status_code, answer.json()["matched"]) == (202, False)
    assert answer.json()["source"] == {"kind": "api", "identity": "admin"}
    assert [type(message) for message in await world.sent(store)] == [EventCreated]


async def test_a_deduplication_key_counts_once(api: httpx2.AsyncClient) -> None:
    answers = await asyncio.gather(*(api.post("/events", json=EVENT | {"dedup_key": "k"}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"trigger": "sample.none"}, 404, "trigger_not_found"),
        ({"payload": {}}, 422, "invalid_payload"),
        ({"payload": None}, 422, "invalid_payload"),
        ({"depth": 3}, 422, "invalid"),
        ({"dedup_key": ""}, 422, "invalid"),
    ],
)
async def test_what_is_no_event(api: httpx2.AsyncClient, change: dict[str, Any], status: int, code: str) -> None:
    answer = await api.post("/events", json=EVENT | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_events_and_enforcements_are_found(api: httpx2.AsyncClient, store: Store) -> None:
    ids = [(await api.post("/events", json=EVENT)).json()["id"] for _ in range(3)]
    page = (await api.get("/events?trigger=sample.pushed&limit=2")).json()
    assert [event["id"] for event in page["items"]] == ids[:0:-1]
    async with store.unit() as unit:
        await unit.execute(
            "INSERT INTO attune.enforcement (rule_ref, event, matched, reason) VALUES ($1, $2, true, 'r')",
            "sample.on_push",
            ids[0],
        )
    found = (await api.get(f"/enforcements?event={ids[0]}")).json()["items"]
    assert [(one["rule"], one["matched"], one["execution"]) for one in found] == [("sample.on_push", True, None)]
    assert (await api.get(f"/enforcements/{found[0]['id']}")).json() == found[0]
    assert (await api.get("/enforcements?rule=other.rule")).json()["items"] == []
    assert (await api.get("/events/4711")).status_code == 404
    assert (await api.get("/enforcements/4711")).status_code == 404


async def test_a_rule_lives_and_dies(api: httpx2.AsyncClient) -> None:
    made = await api.post("/rules", json=RULE)
    assert (made.status_code, made.json()["pack_ref"], made.json()["owner"]) == (201, None, "admin")
    changed = await api.put("/rules/my.rule", json={"enabled": False})
    assert changed.json() == made.json() | {"enabled": False, "updated": changed.json()["updated"]}
    listed = (await api.get("/rules?trigger=sample.pushed")).json()["items"]
    assert [rule["ref"] for rule in listed] == ["my.rule", "sample.on_push"]
    assert (await api.delete("/rules/my.rule")).status_code == 204
    assert (await api.get("/rules/my.rule")).status_code == 404
    assert (await api.delete("/rules/my.rule")).status_code == 404
    assert (await api.put("/rules/my.rule", json={})).status_code == 404


@pytest.mark.parametrize(
    "conditions",
    [
        {"when": "event.payload.branch == 'main'"},
        {"criteria": {"all": [{"path": "event.payload.branch", "operator": "equals", "value": "main"}]}},
        {},
    ],
)
async def test_conditions_come_back_as_they_were_given(api: httpx2.AsyncClient, conditions: dict[str, Any]) -> None:
    rule = (await api.post("/rules", json=RULE | conditions)).json()
    assert {name: rule[name] for name in ("when", "criteria")} == {"when": None, "criteria": None} | conditions


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"trigger": "sample.none"}, "trigger_not_found"),
        ({"action": "sample.none"}, "action_not_found"),
        ({"when": "event.("}, "invalid_criteria"),
        ({"criteria": {"all": [{"path": "event.x", "operator": "is like"}]}}, "invalid_criteria"),
        ({"when": "true", "criteria": {}}, "invalid"),
        ({"parameters": {"message": "{{ ''.__class__ }}"}}, None),
        ({"parameters": {"message": "{{ kv.get_secret('web.key') }}"}}, "no_datastore"),
        ({"parameters": {"message": "{{ kv.get('web.key') }}"}}, "no_datastore"),
        ({"when": "{{ kv.get('web.key') == 1 }}"}, "invalid_criteria"),
        ({"owner": 1}, "invalid"),
        ({"enabled": "yes"}, "invalid"),
    ],
)
async def test_what_is_no_rule(api: httpx2.AsyncClient, change: dict[str, Any], code: str | None) -> None:
    answer = await api.post("/rules", json=RULE | change)
    assert answer.status_code == 422
    assert code is None or answer.json()["code"] == code
    assert answer.json()["errors"][0]["path"].startswith("body.")


async def test_a_ref_is_taken_once(api: httpx2.AsyncClient) -> None:
    assert (await api.post("/rules", json=RULE | {"ref": "sample.on_push"})).status_code == 409


async def test_values_by_key(api: httpx2.AsyncClient) -> None:
    for value in (None, 0, "", {"a": [1, {"b": None}]}, [[]], True):
        assert (await api.put("/kv/a/b:c", json={"value": value})).status_code in (200, 201)
        assert (await api.get("/kv/a/b:c")).json()["value"] == value
    assert (await api.delete("/kv/a%2Fb:c")).status_code == 204
    assert (await api.get("/kv/a/b:c")).status_code == 404
    assert (await api.delete("/kv/a/b:c")).status_code == 404


async def test_values_are_listed_by_prefix(api: httpx2.AsyncClient) -> None:
    for key in ("b", "a.2", "a.1", "a_3"):
        await api.put(f"/kv/{key}", json={"value": key})
    first = (await api.get("/kv?prefix=a&limit=2")).json()
    rest = (await api.get("/kv", params={"prefix": "a", "cursor": first["next"]})).json()
    assert [item["key"] for item in first["items"] + rest["items"]] == ["a.1", "a.2", "a_3"]


@pytest.mark.parametrize("body", [b"", b"{}", b'{"value": 1, "x": 2}', b"[]"])
async def test_what_is_no_value(api: httpx2.AsyncClient, body: bytes) -> None:
    answer = await api.put("/kv/a", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


async def test_counting_loses_nothing(api: httpx2.AsyncClient) -> None:
    await asyncio.gather(*(api.post("/kv/n/increment", json={"by": 2}) for _ in range(20)))
    assert (await api.get("/kv/n")).json()["value"] == 40
    assert (await api.post("/kv/n/increment", json={"by": -0.5})).json()["value"] == 39.5


@pytest.mark.parametrize("value", ["text", None, [1], 2**53])
async def test_only_numbers_are_counted(api: httpx2.AsyncClient, value: object) -> None:
    await api.put("/kv/n", json={"value": value})
    answer = await api.post("/kv/n/increment", json={"by": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_a_number")


async def test_what_packs_brought(api: httpx2.AsyncClient) -> None:
    actions = (await api.get("/actions?pack=sample")).json()["items"]
    assert [action["ref"] for action in actions] == ["sample.echo", "sample.hello"]
    triggers = {trigger["ref"]: trigger for trigger in (await api.get("/triggers?pack=sample")).json()["items"]}
    assert triggers["sample.pushed"]["webhook_key"] == "sample.pushed"
    assert triggers["sample.pushed"]["spec"]["webhook"]["secret"] == "********"
    assert (await api.get("/triggers/sample.open")).json()["webhook_key"] == "open.door"
    assert (await api.get("/actions/none.such")).status_code == 404
    assert (await api.get("/triggers/none.such")).status_code == 404
