"""Leases over the API: shares, tokens, reports; what a sensor emits, with its state, or not at all."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from tests.integration.api import samples
from tests.integration.api.conftest import WORKER, Clients

from attune_api.packfiles.archives import canonical
from attune_api.permissions import Role
from attune_common.store.store import Store

MANIFEST = "ref: watch\nlabel: Watching\nversion: 1.0.0\n"
SEEN = "ref: watch.seen\npayload: {n: {type: integer, required: true}}\n"


def _pack(sensors: int, **more: str) -> bytes:
    files = {"pack.yaml": MANIFEST, "triggers/seen.yaml": SEEN, "sensors/run.py": "", **more}
    files |= {f"sensors/s{n}.yaml": f"ref: watch.s{n}\nentry_point: run.py\n" for n in range(sensors)}
    return canonical({path: text.encode() for path, text in files.items()})


@pytest.fixture
def service(clients: Clients) -> httpx2.AsyncClient:
    """With the token that sensor services have."""
    return clients.client(WORKER)


async def _register(api: httpx2.AsyncClient, sensors: int, **more: str) -> None:
    answer = await api.post("/packs", content=_pack(sensors, **more), headers=samples.GZIP)
    assert answer.status_code in (200, 201), answer.text


async def _lease(service: httpx2.AsyncClient, name: str, **more: Any) -> dict[str, Any]:
    answer = await service.post("/sensors/leases", json={"service": name, "slots": 100, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _held(answer: dict[str, Any], **said: Any) -> list[dict[str, Any]]:
    return [{"token": one["token"], "status": "running", **said} for one in answer["sensors"]]


async def test_services_share(api: httpx2.AsyncClient, service: httpx2.AsyncClient) -> None:
    await _register(api, 5)
    first = await _lease(service, "a")
    assert (len(first["sensors"]), first["release"]) == (5, [])
    second = await _lease(service, "b")
    assert second["sensors"] == []
    again = await _lease(service, "a", held=_held(first))
    assert len(again["release"]) == 2
    rest = [one for one in _held(again) if one["token"] not in again["release"]]
    await _lease(service, "a", held=rest, released=again["release"])
    assert len((await _lease(service, "b"))["sensors"]) == 2


async def test_a_lease_that_ran_out_is_given_away(
    api: httpx2.AsyncClient, service: httpx2.AsyncClient, store: Store
) -> None:
    await _register(api, 1)
    lost = (await _lease(service, "a"))["sensors"][0]
    async with store.unit() as unit:
        await unit.execute("UPDATE attune.sensor SET lease_until = now() - interval '1 second'")
        await unit.execute("UPDATE attune.sensor_service SET seen = now() - interval '1 minute'")
    taken = (await _lease(service, "b"))["sensors"][0]
    assert taken["token"] != lost["token"]
    assert (await _lease(service, "a", held=[{"token": lost["token"], "status": "running"}]))["sensors"] == []
    for path in ("start", "events", "logs"):
        more = {"events": {"events": []}, "logs": {"lines": []}}.get(path, {})
        answer = await service.post(f"/sensors/watch.s0/{path}", json={"token": lost["token"], **more})
        assert (answer.status_code, answer.json()["code"]) == (409, "lease_lost")


async def test_a_tenure_ends_when_another_service_had_the_sensor(
    api: httpx2.AsyncClient, service: httpx2.AsyncClient, store: Store
) -> None:
    await _register(api, 1)
    tenures = []
    for name in ("a", "a", "b", "a"):
        tenures.append((await _lease(service, name))["sensors"][0]["tenure"])
        async with store.unit() as unit:
            await unit.execute("UPDATE attune.sensor SET lease_until = now() - interval '1 second'")
            await unit.execute("UPDATE attune.sensor_service SET seen = now() - interval '1 minute'")
    assert (tenures[0] == tenures[1], len(set(tenures))) == (True, 3)


async def test_a_service_that_stops_gives_back(api: httpx2.AsyncClient, service: httpx2.AsyncClient) -> None:
    await _register(api, 2)
    tokens = [one["token"] for one in (await _lease(service, "a"))["sensors"]]
    gone = await _lease(service, "a", released=tokens, stopping=True)
    assert gone["sensors"] == []
    assert len((await _lease(service, "b"))["sensors"]) == 2


async def test_the_revision_changes_with_what_the_sensor_was_started_with(
    api: httpx2.AsyncClient, service: httpx2.AsyncClient
) -> None:
    await _register(api, 1)
    seen = [(await _lease(service, "a"))["sensors"][0]]
    seen.append((await _lease(service, "a", held=_held({"sensors": seen})))["sensors"][0])
    assert seen[0] == seen[1]
    assert (await api.post("/sensors/watch.s0/restart")).status_code == 202
    seen.append((await _lease(service, "a"))["sensors"][0])
    await _register(api, 1, **{"sensors/more.txt": "changed"})
    seen.append((await _lease(service, "a"))["sensors"][0])
    assert len({one["revision"] for one in seen}) == 3
    assert len({one["token"] for one in seen}) == 1


async def test_a_failure_is_shown_and_told_once(
    api: httpx2.AsyncClient, service: httpx2.AsyncClient, store: Store
) -> None:
    await _register(api, 1)
    rule = {"ref": "user.told", "trigger": "core.sensor_failed", "action": "core.noop"}
    assert (await api.post("/rules", json=rule)).status_code == 201
    granted = await _lease(service, "a")
    said = {
        "status": "backoff",
        "failures": 1,
        "reported": 1,
        "retry": 2.5,
        "error": {"type": "x", "message": "broken"},
    }
    for _ in range(3):
        await _lease(service, "a", held=_held(granted, **said))
    shown = (await api.get("/sensors/watch.s0")).json()
    assert (shown["status"], shown["service"], shown["error"]["message"]) == ("backoff", "a", "broken")
    async with store.connection() as connection:
        events = await connection.fetch("SELECT payload FROM attune.event")
    assert [row["payload"]["error"]["message"] for row in events] == ["broken"]


async def test_events_and_state_go_together(api: httpx2.AsyncClient, service: httpx2.AsyncClient, store: Store) -> None:
    await _register(api, 1)
    token = (await _lease(service, "a"))["sensors"][0]["token"]
    events = [
        {"trigger": "watch.seen", "payload": {"n": 1}, "key": "a"},
        {"trigger": "watch.seen", "payload": {"n": "one"}, "key": "b"},
        {"trigger": "core.cron", "payload": {}, "key": "c"},
        {"trigger": "watch.seen", "payload": {"n": 1}, "key": "a"},
    ]
    body = {"token": token, "events": events, "state": {"value": {"at": 1}}}
    for repeated in (False, True):
        answer = await service.post("/sensors/watch.s0/events", json=body)
        assert answer.status_code == 200, answer.text
        first, wrong, foreign, twice = answer.json()["verdicts"]
        assert (first["repeated"], first["event"]) == (repeated, twice["event"])
        assert (wrong["error"]["code"], foreign["error"]["code"]) == ("invalid_payload", "trigger_not_allowed")
    assert (await service.post("/sensors/watch.s0/start", json={"token": token})).json()["state"] == {"at": 1}
    async with store.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM attune.event") == 1


async def test_logs_are_read_from_either_end(api: httpx2.AsyncClient, service: httpx2.AsyncClient) -> None:
    await _register(api, 1)
    token = (await _lease(service, "a"))["sensors"][0]["token"]
    lines = [{"stream": "stdout", "time": "2026-01-01T00:00:00Z", "line": f"l{n}"} for n in range(5)]
    assert (await service.post("/sensors/watch.s0/logs", json={"token": token, "lines": lines})).status_code == 204
    last = (await api.get("/sensors/watch.s0/logs?limit=2")).json()["items"]
    assert [entry["line"] for entry in last] == ["l3", "l4"]
    before = (await api.get(f"/sensors/watch.s0/logs?limit=2&before={last[0]['seq']}")).json()["items"]
    assert [entry["line"] for entry in before] == ["l1", "l2"]
    after = (await api.get(f"/sensors/watch.s0/logs?after={before[1]['seq']}")).json()["items"]
    assert [entry["line"] for entry in after] == ["l3", "l4"]


async def test_only_services_hold_sensors(api: httpx2.AsyncClient, clients: Clients) -> None:
    await _register(api, 1)
    author = await clients.as_role(Role.AUTHOR)
    assert (await author.post("/sensors/leases", json={"service": "x", "slots": 1})).status_code == 403
    viewer = await clients.as_role(Role.VIEWER)
    assert (await viewer.get("/sensors/watch.s0")).status_code == 200
    assert (await viewer.post("/sensors/watch.s0/restart")).status_code == 403


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"service": ""},
        {"service": "a\n", "slots": 1},
        {"service": "a", "slots": -1},
        {"service": "a", "slots": 1, "held": [{"token": "x", "status": "odd"}]},
        {"service": "a", "slots": 1, "held": [{"token": "\u0000", "status": "running"}]},
        {"service": "a", "slots": 1, "more": 1},
        {"service": "a", "slots": 1, "held": [{"token": "x", "status": "running", "failures": 10**30}]},
    ],
)
async def test_what_is_no_request_is_refused(service: httpx2.AsyncClient, said: dict[str, Any]) -> None:
    assert (await service.post("/sensors/leases", json=said)).status_code == 422
