"""What an operator, and whoever means harm, found by hand: each was once a 500."""

from __future__ import annotations

import gzip
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

Api = httpx2.AsyncClient
EDGES = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("place", ["executions?since", "executions?until", "workflow-executions?since",
                                   "events?until", "audit?since"])  # fmt: skip
async def test_times_at_the_edge_of_time(api: Api, place: str, edge: str) -> None:
    path, _, name = place.partition("?")
    answer = await api.get(f"/{path}", params={name: edge})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, f"query.{name}")


@pytest.mark.parametrize("edge", EDGES)
async def test_the_same_in_bodies(api: Api, edge: str) -> None:
    answers = [
        await api.post("/tokens", json={"label": "x", "expires": edge}),
        await api.post("/executions/cancel", json={"filter": {"since": edge}}),
        await api.post("/workflow-executions/retry", json={"filter": {"until": edge}}),
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 422]


FORGED: list[dict[str, Any]] = [
    {"$secret": [{"encoding": "plain", "key": "web.key"}]},
    {"$secret": None},
    {"$secret": {"$secret": {"$secret": []}}},
    {"a": {"$secret": 1}, "$secret": 2},
]


@pytest.mark.parametrize("parameters", FORGED)
async def test_parameters_that_look_like_a_secret_are_data_and_can_be_shown(
    api: Api, parameters: dict[str, Any]
) -> None:
    made = await api.post("/executions", json={"action": "core.echo", "parameters": parameters})
    assert made.status_code == 202, made.text
    shown = await api.get(f"/executions/{made.json()['id']}")
    assert (shown.status_code, set(shown.json()["parameters"])) == (200, set(parameters))


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.usefixtures("pack")
async def test_the_same_in_events_rules_and_the_datastore(api: Api, forged: dict[str, Any]) -> None:
    rule = {"ref": "my.rule", "trigger": "sample.pushed", "action": "sample.echo", "parameters": {"message": forged}}
    answers = [
        await api.post("/events", json={"trigger": "sample.pushed", "payload": {"branch": "main", "x": forged}}),
        await api.put("/kv/web/x", json={"value": forged}),
        await api.get("/kv/web/x"),
        await api.post("/rules", json=rule),
        await api.get("/rules/my.rule"),
        await api.put("/packs/sample/config", json={"config": {"region": "x", "api_key": str(forged)}}),
        await api.get("/packs/sample"),
    ]
    assert [answer.status_code for answer in answers] == [202, 201, 200, 201, 200, 200, 200]


@pytest.mark.usefixtures("pack")
async def test_an_event_may_be_nothing_but_what_looks_like_a_secret(api: Api) -> None:
    made = await api.post("/events", json={"trigger": "sample.open", "payload": FORGED[0]})
    assert (made.status_code, made.json()["payload"]) == (202, FORGED[0])
    again = await api.post(f"/events/{made.json()['id']}/re-emit")
    assert (again.status_code, again.json()["payload"]) == (202, FORGED[0])


@pytest.mark.parametrize("spelling", ["+1", "1.0", " 1", "1_0", "0x1", "1e0", "١"])
async def test_a_number_has_one_spelling_in_an_address(api: Api, spelling: str) -> None:
    await api.post("/executions", json={"action": "core.noop"})
    one = await api.get(f"/executions/{quote(spelling)}")
    some = await api.get("/executions", params={"parent": spelling})
    assert (one.status_code, some.status_code) == (422, 422)


async def test_a_zone_whose_plus_became_a_space_is_told_of(api: Api) -> None:
    answer = await api.get("/executions?since=2026-11-21T12:00:00+02:00")
    assert answer.status_code == 422
    assert "%2B" in answer.json()["errors"][0]["message"]
    assert (await api.get("/executions?since=2026-11-21T12:00:00%2B02:00")).status_code == 200


async def test_a_compressed_body_is_refused_for_what_it_is(api: Api) -> None:
    body = gzip.compress(b'{"action": "core.noop"}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = await api.post("/executions", content=body, headers=headers)
    assert (answer.status_code, "Content-Encoding" in answer.json()["hint"]) == (415, True)


@pytest.mark.parametrize("name", ["Authorization", "Host", "Content-Type", "Idempotency-Key", "If-Match"])
async def test_a_header_that_decides_stands_once(api: Api, name: str) -> None:
    answer = await api.get("/whoami", headers=[(name, "Bearer other"), (name, "Bearer another")])
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_header")


async def test_brackets_without_end_are_not_our_memory(api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await api.post("/executions", content=b"[" * 1000, headers=headers)
    assert answer.status_code == 400
    assert "memory" not in answer.json()["detail"]


async def test_a_token_cut_by_scopes_is_told_which_one_is_missing(api: Api) -> None:
    made = (await api.post("/tokens", json={"label": "reads", "scopes": ["read"]})).json()["token"]
    answer = await api.post("/executions", json={"action": "core.noop"}, headers={"Authorization": f"Bearer {made}"})
    assert answer.status_code == 403
    assert "`run`" in answer.json()["detail"]
    assert "--scope run" in answer.json()["hint"]
