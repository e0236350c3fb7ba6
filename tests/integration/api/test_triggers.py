"""Events by hand: once by key, once more; what an action emits is a step deeper; rules with timers."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from tests.integration.api import world
from tests.integration.api.conftest import Clients

from attune_common.contracts.event import EventCreated
from attune_common.store.store import Store

pytestmark = pytest.mark.usefixtures("pack")


async def _stored(store: Store, event: int) -> Any:
    async with store.connection() as connection:
        return await connection.fetchrow("SELECT * FROM attune.event WHERE id = $1", event)


async def test_a_key_counts_once_per_trigger(api: httpx2.AsyncClient) -> None:
    body = {"trigger": "sample.open", "payload": {"n": 1}, "dedup_key": "k"}
    first, again = [await api.post("/events", json=body) for _ in range(2)]
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]
    other = await api.post("/events", json={**body, "trigger": "sample.pushed", "payload": {"branch": "x"}})
    assert other.status_code == 202


async def test_an_event_happens_once_more(api: httpx2.AsyncClient, store: Store) -> None:
    first = (await api.post("/events", json={"trigger": "sample.open", "payload": {"n": 1}, "dedup_key": "k"})).json()
    again = await api.post(f"/events/{first['id']}/re-emit")
    assert again.status_code == 202
    assert again.json()["payload"] == {"n": 1}
    assert again.json()["id"] != first["id"]
    assert (await _stored(store, again.json()["id"]))["source"]["event"] == first["id"]
    assert (await api.post("/events/999999/re-emit")).status_code == 404


async def test_what_an_action_emits_is_one_step_deeper(clients: Clients, store: Store) -> None:
    async with store.unit() as unit:
        cause = await unit.fetchval(
            "INSERT INTO attune.event (trigger_ref, trace_id, depth) VALUES ('sample.open', 't-1', 4) RETURNING id"
        )
    root = await world.execution(store, event=cause, trace_id="t-1")
    token = "e" * 32
    task = await world.execution(store, parent=root, root=root, trace_id="t-1", token=token)
    action = clients.client(f"att_exec-{task}_{token}")
    answer = await action.post("/events", json={"trigger": "sample.open", "payload": {}})
    assert answer.status_code == 202, answer.text
    event = await _stored(store, answer.json()["id"])
    assert (event["depth"], event["trace_id"], event["source"]["execution"]) == (5, "t-1", task)


async def test_a_rule_brings_its_timer_and_takes_it_away(api: httpx2.AsyncClient) -> None:
    rule = {"ref": "user.often", "trigger": "core.interval", "action": "core.noop"}
    refused = await api.post("/rules", json=rule)
    assert (refused.status_code, refused.json()["code"]) == (422, "missing_key")
    made = await api.post("/rules", json={**rule, "trigger_parameters": {"interval": "5m"}})
    assert made.status_code == 201, made.text
    timers = (await api.get("/triggers/core.interval")).json()["timers"]
    assert [(timer["rule"], timer["spec"]) for timer in timers] == [("user.often", {"interval": "5m"})]
    assert (await api.delete("/rules/user.often")).status_code == 204
    assert (await api.get("/triggers/core.interval")).json()["timers"] == []


@pytest.mark.parametrize(
    ("trigger", "given", "path"),
    [
        ("core.cron", {"cron": "61 * * * *"}, "body.trigger_parameters.cron"),
        ("core.cron", {"cron": "0 0 30 2 *"}, "body.trigger_parameters.cron"),
        ("core.cron", {"cron": "* * * * *", "timezone": "Mars/Base"}, "body.trigger_parameters.timezone"),
        ("core.interval", {"interval": "@every 1ns"}, "body.trigger_parameters.interval"),
        ("core.date", {"date": "soon"}, "body.trigger_parameters.date"),
    ],
)
async def test_timers_that_cannot_be_are_refused_at_their_place(
    api: httpx2.AsyncClient, trigger: str, given: dict[str, Any], path: str
) -> None:
    rule = {"ref": "user.odd", "trigger": trigger, "action": "core.noop", "trigger_parameters": given}
    answer = await api.post("/rules", json=rule)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == path
    assert answer.json()["errors"][0]["hint"]


async def test_a_pack_that_was_registered_is_told(api: httpx2.AsyncClient, store: Store) -> None:
    from tests.integration.api import samples

    rule = {"ref": "user.told", "trigger": "core.pack_registered", "action": "core.noop"}
    assert (await api.post("/rules", json=rule)).status_code == 201
    changed = samples.archive(pack=samples.FILES["pack.yaml"].replace("version: 1.0.0", "version: 1.1.0"))
    for _ in range(2):
        assert (await api.post("/packs", content=changed, headers=samples.GZIP)).status_code == 200
    async with store.connection() as connection:
        rows = await connection.fetch("SELECT payload FROM attune.event WHERE trigger_ref = 'core.pack_registered'")
    assert [(row["payload"]["version"], row["payload"]["previous_version"]) for row in rows] == [("1.1.0", "1.0.0")]


async def test_many_events_at_once_have_a_verdict_each(api: httpx2.AsyncClient, store: Store) -> None:
    events = [
        {"trigger": "sample.open", "payload": {"n": 1}, "dedup_key": "a"},
        {"trigger": "sample.pushed", "payload": {"branch": 5}},
        {"trigger": "sample.nothing"},
        {"trigger": "sample.open", "payload": {"n": 1}, "dedup_key": "a"},
    ]
    answer = await api.post("/events/batch", json={"events": events})
    assert answer.status_code == 202, answer.text
    first, wrong, unknown, again = answer.json()["items"]
    assert (first["repeated"], again["repeated"], first["event_id"]) == (False, True, again["event_id"])
    assert (wrong["error"]["code"], unknown["error"]["code"]) == ("invalid_payload", "trigger_not_found")
    async with store.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM attune.event") == 1


async def test_a_burst_is_stored_once_each(api: httpx2.AsyncClient, store: Store) -> None:
    async def emit(number: int) -> int:
        body = {"trigger": "sample.open", "payload": {"n": number}, "dedup_key": f"k{number % 100}"}
        answer = await api.post("/events", json=body)
        assert answer.status_code in (200, 202), answer.text
        found: int = answer.json()["id"]
        return found

    ids = await asyncio.gather(*(emit(number) for number in range(300)))
    assert len(set(ids)) == 100
    assert all(ids[number] == ids[number % 100] for number in range(300))
    async with store.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM attune.event") == 100
    assert len([message for message in await world.sent(store) if isinstance(message, EventCreated)]) == 100


async def test_what_is_cancelled_before_it_starts_is_told(api: httpx2.AsyncClient, store: Store) -> None:
    rule = {"ref": "user.told", "trigger": "core.execution_finished", "action": "core.noop"}
    assert (await api.post("/rules", json=rule)).status_code == 201
    execution = await world.execution(store, status="requested", trace_id="t-1")
    assert (await api.post(f"/executions/{execution}/cancel")).status_code == 202
    async with store.connection() as connection:
        (event,) = await connection.fetch("SELECT payload, trace_id FROM attune.event")
    told = event["payload"]
    assert (told["execution"], told["status"], told["error"]["type"]) == (execution, "cancelled", "cancelled")
    assert event["trace_id"] == "t-1"
