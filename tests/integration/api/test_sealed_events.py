"""What the schema of a trigger calls secret is sealed in its events, whoever tells of them."""

from __future__ import annotations

from typing import Any, TypeAlias

import httpx2
import pytest
from tests.integration.api.samples import GZIP, archive

from attune_common.store.store import Store

Api: TypeAlias = httpx2.AsyncClient
CODE = "canary-7c1f-of-the-payload"
_PUSHED = """\
ref: sample.pushed
label: Something was pushed
payload:
  type: object
  properties:
    branch: {type: string}
    code: {type: string, secret: true}
    keys: {type: array, items: {type: string, secret: true}}
"""
EVENT = {"trigger": "sample.pushed", "payload": {"branch": "main", "code": CODE, "keys": [CODE, ""]}}
SHOWN = {"branch": "main", "code": "********", "keys": ["********", ""]}


@pytest.fixture(autouse=True)
async def secretive(api: Api) -> None:
    answer = await api.post("/packs", content=archive(triggers__pushed=_PUSHED), headers=GZIP)
    assert answer.status_code == 201, answer.text


async def stored(store: Store) -> str:
    async with store.connection() as connection:
        events = await connection.fetch("SELECT payload::text || coalesce(secrets::text, '') AS t FROM attune.event")
        return "\n".join(row["t"] for row in events)


async def test_people_see_stars_and_the_table_markers(api: Api, store: Store) -> None:
    made = (await api.post("/events", json=EVENT)).json()
    many = await api.post("/events/batch", json={"events": [EVENT, {**EVENT, "payload": {"branch": "dev"}}]})
    assert [one["error"] for one in many.json()["items"]] == [None, None]
    listed = (await api.get("/events")).json()["items"]
    assert [event["payload"] for event in listed] == [{"branch": "dev"}, SHOWN, SHOWN]
    assert made["payload"] == (await api.get(f"/events/{made['id']}")).json()["payload"] == SHOWN
    assert CODE not in await stored(store)


async def test_a_repeat_shows_the_first_one_with_stars(api: Api) -> None:
    answers = [await api.post("/events", json={**EVENT, "dedup_key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 200]
    assert [answer.json()["payload"] for answer in answers] == [SHOWN, SHOWN]


async def test_what_happens_once_more_has_a_secret_of_its_own(api: Api, store: Store) -> None:
    first = (await api.post("/events", json=EVENT)).json()["id"]
    again = await api.post(f"/events/{first}/re-emit")
    assert (again.status_code, again.json()["payload"]) == (202, SHOWN)
    async with store.unit() as unit:
        assert await unit.fetchval("SELECT count(*) FROM attune.secret WHERE event = $1", first) == 2
        await unit.execute("DELETE FROM attune.event WHERE id = $1", first)
        assert await unit.fetchval("SELECT count(*) FROM attune.secret WHERE event = $1", first) == 0
        assert await unit.fetchval("SELECT count(*) FROM attune.secret WHERE event IS NOT NULL") == 2
    assert CODE not in await stored(store)


async def test_data_that_only_looks_like_a_secret_stays_data(api: Api) -> None:
    forged: dict[str, Any] = {"branch": "main", "note": {"$secret": [{"encoding": "plain", "key": "web.key"}]}}
    made = (await api.post("/events", json={**EVENT, "payload": forged})).json()
    assert made["payload"] == forged
    assert (await api.post(f"/events/{made['id']}/re-emit")).json()["payload"] == forged


async def test_secrets_of_events_are_in_no_list(api: Api) -> None:
    await api.post("/events", json=EVENT)
    assert (await api.get("/secrets")).json()["items"] == []
