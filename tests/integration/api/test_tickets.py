"""Tickets for streams: taken once, soon, for listening alone, and over with the token they came of."""

from __future__ import annotations

from typing import Any, TypeAlias

import httpx2
import pytest
from tests.integration.api.conftest import Clients

from attune_api.permissions import Role
from attune_common.store.store import Store

Api: TypeAlias = httpx2.AsyncClient


async def ticket(client: Api) -> str:
    made = await client.post("/tickets")
    assert made.status_code == 201, made.text
    return str(made.json()["ticket"])


async def take(clients: Clients, text: str) -> httpx2.Response:
    return await clients.client().post("/tickets/take", json={"ticket": text})


async def test_it_is_taken_once_and_may_read(clients: Clients) -> None:
    author = await clients.as_role(Role.AUTHOR)
    text = await ticket(author)
    taken = await take(clients, text)
    assert taken.status_code == 200
    listener = clients.client(taken.json()["token"])
    who = (await listener.get("/whoami")).json()
    assert set(who["permissions"]) == {"read", "identified", "public"}
    assert (await listener.post("/executions", json={"action": "core.echo"})).status_code == 403
    again = await take(clients, text)
    assert (again.status_code, again.json()["code"]) == (401, "bad_ticket")


async def test_by_itself_it_opens_nothing(clients: Clients) -> None:
    viewer = await clients.as_role(Role.VIEWER)
    assert (await clients.client(await ticket(viewer)).get("/whoami")).status_code == 401
    assert all(token["kind"] != "ticket" for token in (await viewer.get("/tokens")).json()["items"])


@pytest.mark.parametrize("text", ["", "x", "att_4f1c0e1b7d3a4c5e_9f8a7b6c5d4e3f2a9f8a7b6c", "att_é_ü"])
async def test_what_is_no_ticket(clients: Clients, text: str) -> None:
    assert (await take(clients, text)).json()["code"] == "bad_ticket"


async def test_a_token_is_no_ticket(clients: Clients, api: Api) -> None:
    made = (await api.post("/tokens", json={"label": "x"})).json()["token"]
    assert (await take(clients, made)).status_code == 401
    assert (await clients.client(made).get("/whoami")).status_code == 200


async def test_it_is_too_old_after_half_a_minute(clients: Clients, api: Api, store: Store) -> None:
    text = await ticket(api)
    async with store.unit() as unit:
        await unit.execute("UPDATE attune.token SET expires = expires - interval '31 s' WHERE kind = 'ticket'")
    assert (await take(clients, text)).status_code == 401


async def test_what_came_of_it_ends_with_its_token(clients: Clients, api: Api) -> None:
    made = (await api.post("/tokens", json={"label": "page"})).json()
    page = clients.client(made["token"])
    listener = clients.client((await take(clients, await ticket(page))).json()["token"])
    grandchild = clients.client((await take(clients, await ticket(listener))).json()["token"])
    assert [(await each.get("/whoami")).status_code for each in (listener, grandchild)] == [200, 200]
    assert (await api.delete(f"/tokens/{made['id']}")).status_code == 204
    assert [(await each.get("/whoami")).status_code for each in (listener, grandchild)] == [401, 401]


async def test_who_may_not_read_gets_none(clients: Clients) -> None:
    refused = await (await clients.as_role(Role.NONE)).post("/tickets")
    assert refused.status_code == 403
    packs: dict[str, Any] = {"sample": Role.VIEWER}
    assert (await (await clients.on_packs("ada", packs)).post("/tickets")).status_code == 201
