"""Questions to people over HTTP: who sees them, who may answer, what is an answer, and when it is too late."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from tests.integration.api import world
from tests.integration.api.conftest import Clients

from attune_api.permissions import Role
from attune_api.usecases.make_token import make_token
from attune_common.contracts.inquiry import InquiryClosed, InquiryResponded
from attune_common.store.store import Store

pytestmark = pytest.mark.usefixtures("pack")
SCHEMA = {
    "type": "object",
    "required": ["go"],
    "properties": {
        "go": {"type": "boolean"},
        "why": {"type": "string", "default": "no reason"},
        "code": {"type": "string", "secret": True},
    },
    "additionalProperties": False,
}


async def ask(store: Store, **columns: Any) -> int:
    """An inquiry of a task of a run; its id."""
    run = await world.run(store, columns.pop("run_status", "waiting"))
    execution = await world.execution(
        store, action_ref="core.inquiry", status="waiting", workflow_run=run.id, task_name="ask", iteration=1,
        parent=run.execution, root=run.execution, token="t",
    )  # fmt: skip
    values: dict[str, Any] = {"execution": execution, "prompt": "Go?", "token": "t"} | columns
    names, places = ", ".join(values), ", ".join(f"${place}" for place in range(1, len(values) + 1))
    async with store.unit() as unit:
        made: int = await unit.fetchval(
            f"INSERT INTO attune.inquiry ({names}) VALUES ({places}) RETURNING id", *values.values()
        )
    return made


async def stored(store: Store, inquiry: int) -> dict[str, Any]:
    async with store.connection() as connection:
        row = await connection.fetchrow("SELECT * FROM attune.inquiry WHERE id = $1", inquiry)
    assert row is not None
    return dict(row.items())


async def test_an_inquiry_is_shown_with_its_task(api: httpx2.AsyncClient, store: Store) -> None:
    inquiry = await ask(store, response_schema=SCHEMA, assigned_to=["ada"], default_response={"go": False})
    body = (await api.get(f"/inquiries/{inquiry}")).json()
    assert (body["prompt"], body["status"], body["assigned_to"]) == ("Go?", "pending", ["ada"])
    assert (body["task_name"], body["action"]) == ("ask", "core.inquiry")
    assert (body["default"], body["has_default"], body["schema"]["required"]) == ({"go": False}, True, ["go"])
    assert body["workflow_execution"] is not None


async def test_inquiries_are_listed_and_filtered(api: httpx2.AsyncClient, store: Store) -> None:
    first = await ask(store, assigned_to=["ada", "operator"])
    second = await ask(store, status="responded")
    third = await ask(store, assigned_to=["test-admin"])
    shown = (await api.get(f"/inquiries/{first}")).json()
    for query, wanted in (
        ({}, [third, second, first]),
        ({"status": "pending"}, [third, first]),
        ({"status": ["pending", "responded"]}, [third, second, first]),
        ({"status": ["responded", "timeout"]}, [second]),
        ({"assigned_to": "operator"}, [first]),
        ({"execution": shown["execution"]}, [first]),
        ({"workflow_execution": shown["workflow_execution"]}, [first]),
        ({"status": "cancelled"}, []),
    ):
        page = (await api.get("/inquiries", params=query)).json()
        assert [item["id"] for item in page["items"]] == wanted, query
    paged = (await api.get("/inquiries?limit=2")).json()
    rest = (await api.get("/inquiries", params={"cursor": paged["next"]})).json()
    assert [item["id"] for item in paged["items"] + rest["items"]] == [third, second, first]


async def test_mine_are_those_of_my_login_and_of_my_role(clients: Clients, store: Store) -> None:
    by_role, by_login = await ask(store, assigned_to=["operator"]), await ask(store, assigned_to=["test-operator"])
    await ask(store, assigned_to=["author"])
    await ask(store)
    operator = await clients.as_role(Role.OPERATOR)
    page = (await operator.get("/inquiries?mine=true")).json()
    assert [item["id"] for item in page["items"]] == [by_login, by_role]


async def test_an_answer_is_stored_and_the_executor_is_told(api: httpx2.AsyncClient, store: Store) -> None:
    inquiry = await ask(store, response_schema=SCHEMA)
    answer = await api.post(f"/inquiries/{inquiry}/respond", json={"response": {"go": True, "code": "0815"}})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["status"] == "responded"
    assert body["response"] == {"go": True, "why": "no reason", "code": "********"}
    row = await stored(store, inquiry)
    assert (row["response"], row["told"]) == ({"go": True, "why": "no reason", "code": "0815"}, False)
    (message,) = await world.sent(store)
    assert isinstance(message, InquiryResponded)
    assert (message.inquiry_id, message.workflow_execution_id) == (inquiry, body["workflow_execution"])
    assert "0815" not in str(message)


@pytest.mark.parametrize("response", [None, True, 0, "text", [1, 2], {}])
async def test_without_a_schema_any_json_is_an_answer(api: httpx2.AsyncClient, store: Store, response: Any) -> None:
    inquiry = await ask(store)
    answer = await api.post(f"/inquiries/{inquiry}/respond", json={"response": response})
    assert (answer.status_code, answer.json()["response"]) == (200, response)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"response": {"go": "yes"}}, "body.response.go"),
        ({"response": {}}, "body.response"),
        ({"response": {"go": True, "more": 1}}, "body.response"),
        ({"response": 5}, "body.response"),
        ({}, "body.response"),
        ({"answer": True}, "body"),
        ([], "body"),
    ],
)
async def test_what_is_no_answer(api: httpx2.AsyncClient, store: Store, body: Any, path: str) -> None:
    inquiry = await ask(store, response_schema=SCHEMA)
    answer = await api.post(f"/inquiries/{inquiry}/respond", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["path"].startswith(path)
    assert (await stored(store, inquiry))["status"] == "pending"


async def test_the_second_answer_is_refused(api: httpx2.AsyncClient, store: Store) -> None:
    inquiry = await ask(store)
    assert (await api.post(f"/inquiries/{inquiry}/respond", json={"response": 1})).status_code == 200
    again = await api.post(f"/inquiries/{inquiry}/respond", json={"response": 1})
    assert (again.status_code, again.json()["code"]) == (409, "already_answered")


@pytest.mark.parametrize("status", ["timeout", "cancelled"])
async def test_a_closed_inquiry_takes_no_answer(api: httpx2.AsyncClient, store: Store, status: str) -> None:
    inquiry = await ask(store, status=status)
    late = await api.post(f"/inquiries/{inquiry}/respond", json={"response": 1})
    assert (late.status_code, late.json()["code"]) == (410, "inquiry_closed")


@pytest.mark.parametrize(("run_status", "expected"), [("waiting", 410), ("paused", 200)])
async def test_late_by_the_clock_is_late_unless_the_run_is_paused(
    api: httpx2.AsyncClient, store: Store, run_status: str, expected: int
) -> None:
    inquiry = await ask(store, run_status=run_status)
    async with store.unit() as unit:
        await unit.execute("UPDATE attune.inquiry SET timeout_at = now() - interval '1 s' WHERE id = $1", inquiry)
    answer = await api.post(f"/inquiries/{inquiry}/respond", json={"response": 1})
    assert answer.status_code == expected, answer.text


@pytest.mark.parametrize(
    ("assigned", "role", "expected"),
    [
        ([], Role.VIEWER, 403),
        ([], Role.OPERATOR, 200),
        ([], Role.ADMIN, 200),
        (["test-viewer"], Role.VIEWER, 200),
        (["viewer"], Role.VIEWER, 200),
        (["somebody"], Role.OPERATOR, 403),
        (["somebody"], Role.AUTHOR, 403),
        (["somebody"], Role.ADMIN, 200),
        (["operator"], Role.AUTHOR, 403),
        (["somebody", "author"], Role.AUTHOR, 200),
        ([], Role.WORKER, 404),
        (["somebody"], Role.WORKER, 404),
    ],
)
async def test_who_may_answer(clients: Clients, store: Store, assigned: list[str], role: Role, expected: int) -> None:
    inquiry = await ask(store, assigned_to=assigned)
    client = await clients.as_role(role)
    answer = await client.post(f"/inquiries/{inquiry}/respond", json={"response": True})
    assert answer.status_code == expected, answer.text
    assert (await stored(store, inquiry))["status"] == ("responded" if expected == 200 else "pending")


async def test_who_answered_is_remembered(clients: Clients, api: httpx2.AsyncClient, store: Store) -> None:
    inquiry = await ask(store)
    operator = await clients.as_role(Role.OPERATOR)
    await operator.post(f"/inquiries/{inquiry}/respond", json={"response": True})
    assert (await api.get(f"/inquiries/{inquiry}")).json()["responded_by"] == "test-operator"


async def test_an_action_answers_for_nobody(clients: Clients, store: Store) -> None:
    """Though it runs with the rights of one who may."""
    token, _ = await make_token(store, "ada", Role.OPERATOR, "", None)
    del token
    async with store.connection() as connection:
        ada = await connection.fetchval("SELECT id FROM attune.identity WHERE login = 'ada'")
    secret = "e" * 32
    execution = await world.execution(store, identity=ada, status="running", token=secret)
    inquiry = await ask(store, assigned_to=["ada"])
    answer = await clients.client(f"att_exec-{execution}_{secret}").post(
        f"/inquiries/{inquiry}/respond", json={"response": True}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("method", ["get", "post"])
async def test_an_inquiry_that_is_not_there(api: httpx2.AsyncClient, method: str) -> None:
    if method == "get":
        assert (await api.get("/inquiries/4711")).status_code == 404
    else:
        assert (await api.post("/inquiries/4711/respond", json={"response": 1})).status_code == 404


async def test_cancelling_an_execution_closes_what_it_asks(api: httpx2.AsyncClient, store: Store) -> None:
    execution = await world.execution(store, action_ref="core.inquiry", status="waiting", token="t")
    async with store.unit() as unit:
        inquiry: int = await unit.fetchval(
            "INSERT INTO attune.inquiry (execution, prompt, token) VALUES ($1, 'Go?', 't') RETURNING id", execution
        )
    assert (await api.post(f"/executions/{execution}/cancel")).status_code == 202
    assert (await stored(store, inquiry))["status"] == "cancelled"
    closed = [message for message in await world.sent(store) if isinstance(message, InquiryClosed)]
    assert [message.inquiry_id for message in closed] == [inquiry]
