"""Questions to people, and explanations, as the client asks for them."""

from __future__ import annotations

import json

import httpx2

from attune_client.executions import Executions, Runs
from attune_client.inquiries import Inquiries
from tests.unit.client.scripted import transport


async def test_inquiries_are_listed_shown_and_answered() -> None:
    asked: list[tuple[str, str, str]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append((request.method, str(request.url.raw_path, "ascii"), request.content.decode()))
        return httpx2.Response(200, json={"items": [{"id": 7}], "id": 7, "status": "responded"})

    inquiries = Inquiries(transport(answer))
    assert await inquiries.list(status="pending", mine=True, limit=5) == [{"id": 7}]
    await inquiries.list(status=["timeout", "cancelled"])
    assert asked.pop()[1] == "/api/v1/inquiries?status=timeout&status=cancelled&limit=50"
    assert (await inquiries.get(7))["id"] == 7
    assert (await inquiries.respond(7, {"go": None}))["status"] == "responded"
    assert asked[0][1] == "/api/v1/inquiries?status=pending&mine=true&limit=5"
    assert asked[1][:2] == ("GET", "/api/v1/inquiries/7")
    assert asked[2][:2] == ("POST", "/api/v1/inquiries/7/respond")
    assert json.loads(asked[2][2]) == {"response": {"go": None}}


async def test_runs_are_explained_and_their_items_read_page_by_page() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/explain"):
            return httpx2.Response(200, json={"sentences": [{"text": "It waits."}]})
        second = "cursor" in request.url.params
        assert request.url.params["task"] == "each"
        assert request.url.params["status"] == "failed"
        return httpx2.Response(200, json={"items": [{"task_index": int(second)}], "next": None if second else "c"})

    runs = Runs(transport(answer))
    assert (await runs.explain(3))["sentences"][0]["text"] == "It waits."
    assert [item["task_index"] async for item in runs.items(3, "each", "failed")] == [0, 1]


async def test_the_schema_of_an_action() -> None:
    schema = {"type": "object"}
    executions = Executions(transport(lambda _: httpx2.Response(200, json={"ref": "a.b", "param_schema": schema})))
    assert await executions.schema("a.b") == schema
