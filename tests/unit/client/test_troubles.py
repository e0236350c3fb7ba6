"""Incidents and dead letters, as the client asks for them."""

from __future__ import annotations

import json

import httpx2

from attune_client.transport import Transport
from attune_client.troubles import DeadLetters, Incidents
from tests.unit.client.scripted import transport

Asked = list[tuple[str, str, str]]


def _answering(asked: Asked) -> Transport:
    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append((request.method, str(request.url.raw_path, "ascii"), request.content.decode()))
        return httpx2.Response(200, json={"items": [{"id": 7}], "id": 7})

    return transport(answer)


async def test_incidents_are_listed_shown_and_resolved() -> None:
    asked: Asked = []
    incidents = Incidents(_answering(asked))
    assert await incidents.list(status="open", limit=5) == [{"id": 7}]
    assert (await incidents.get(7))["id"] == 7
    await incidents.resolve(7, "cancel", "gone")
    assert asked[0][:2] == ("GET", "/api/v1/incidents?status=open&limit=5")
    assert asked[1][:2] == ("GET", "/api/v1/incidents/7")
    assert asked[2][:2] == ("POST", "/api/v1/incidents/7/resolve")
    assert json.loads(asked[2][2]) == {"action": "cancel", "note": "gone"}


async def test_dead_letters_are_listed_replayed_and_discarded() -> None:
    asked: Asked = []
    letters = DeadLetters(_answering(asked))
    assert await letters.list(queue="q", limit=1) == [{"id": 7}]
    await letters.replay(7)
    await letters.discard(7)
    assert [path for _, path, _ in asked] == [
        "/api/v1/dead-letters?queue=q&limit=1", "/api/v1/dead-letters/7/replay", "/api/v1/dead-letters/7/discard",
    ]  # fmt: skip
