"""Starting executions once, looking at them, cancelling them."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from tests.integration.api import world
from tests.integration.api.conftest import Clients

from attune_common.contracts.envelope import unpack
from attune_common.contracts.execution import ExecutionCancel, ExecutionCompleted, ExecutionRequested
from attune_common.store.store import Store

pytestmark = pytest.mark.usefixtures("pack")
START = {"action": "sample.echo", "parameters": {"message": "hi", "password": "hunter2"}}


async def _start(api: httpx2.AsyncClient, body: dict[str, Any] = START, **headers: str) -> httpx2.Response:
    return await api.post("/executions", json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


async def test_it_is_stored_and_announced_with_one_answer(api: httpx2.AsyncClient, store: Store) -> None:
    answer = await _start(api)
    body = answer.json()
    assert (answer.status_code, body["status"], body["action"]) == (202, "requested", "sample.echo")
    assert answer.headers["location"] == f"/api/v1/executions/{body['id']}"
    assert body["identity"] == "admin"
    assert [message for message in await world.sent(store) if isinstance(message, ExecutionRequested)] == [
        ExecutionRequested(execution_id=body["id"], action_ref="sample.echo", trace_id=body["trace_id"])
    ]


async def test_the_answer_to_a_start_is_what_reading_it_gives(api: httpx2.AsyncClient) -> None:
    started = (await _start(api)).json()
    assert (await api.get(f"/executions/{started['id']}")).json() == started


async def test_starts_that_come_together_are_each_answered_for_itself(api: httpx2.AsyncClient) -> None:
    bodies: list[dict[str, Any]] = [{**START, "idempotency_key": f"key-{number % 3}"} for number in range(9)]
    wrong = [{"action": "sample.nothing"}, {"action": "sample.echo", "parameters": {"message": 1}}]
    answers = await asyncio.gather(*(_start(api, body) for body in [*bodies, *wrong]))
    ids = [answer.json()["id"] for answer in answers[:9]]
    assert len(set(ids)) == 3
    assert all(ids[number] == ids[number % 3] for number in range(9))
    assert sorted(answer.status_code for answer in answers) == [200] * 6 + [202] * 3 + [404, 422]


async def test_defaults_are_filled_and_secrets_masked(api: httpx2.AsyncClient, store: Store) -> None:
    body = (await _start(api)).json()
    assert body["parameters"] == {"message": "hi", "times": 1, "password": "********"}
    async with store.connection() as connection:
        kept = await connection.fetchrow("SELECT parameters, secrets FROM attune.execution WHERE id = $1", body["id"])
        secret = await connection.fetchrow("SELECT key, sealed FROM attune.secret WHERE execution = $1", body["id"])
    assert kept is not None
    assert secret is not None
    marker = {"$secret": [{"encoding": "plain", "key": secret["key"]}]}
    assert kept["parameters"] == {"message": "hi", "times": 1, "password": marker}
    assert kept["secrets"] == [["password"]]
    assert b"hunter2" not in secret["sealed"]


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({}, "parameters"),
        ({"message": 5}, "parameters.message"),
        ({"message": "x", "times": 0}, "parameters.times"),
    ],
)
async def test_parameters_are_checked_against_the_schema(
    api: httpx2.AsyncClient, parameters: dict[str, object], path: str
) -> None:
    answer = await _start(api, {"action": "sample.echo", "parameters": parameters})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameters")
    assert path in [error["path"] for error in answer.json()["errors"]]


async def test_unknown_and_disabled_actions(api: httpx2.AsyncClient, store: Store) -> None:
    answer = await _start(api, {"action": "sample.nothing"})
    assert (answer.status_code, answer.json()["code"]) == (404, "action_not_found")
    assert (await _start(api, {"action": "sample.ecko"})).json()["hint"] == "did you mean `sample.echo`?"
    assert (await _start(api, {"action": "unheard.of_action"})).json()["hint"] == "register its pack first"
    async with store.unit() as unit:
        await unit.execute("UPDATE attune.action SET enabled = false WHERE ref = 'sample.echo'")
    answer = await _start(api)
    assert (answer.status_code, answer.json()["code"]) == (409, "action_disabled")


async def test_fifty_at_once_with_one_key_start_one(api: httpx2.AsyncClient, store: Store) -> None:
    answers = await asyncio.gather(*(_start(api, Idempotency_Key="one") for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [202]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await world.sent(store)) == 1


async def test_the_key_stands_in_header_or_body(api: httpx2.AsyncClient) -> None:
    first = await _start(api, Idempotency_Key="k")
    again = await _start(api, START | {"idempotency_key": "k"})
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert (first.headers.get("idempotent-replay"), again.headers.get("idempotent-replay")) == (None, "true")
    both = await _start(api, START | {"idempotency_key": "k"}, Idempotency_Key="other")
    assert (both.status_code, both.json()["errors"][0]["path"]) == (422, "body.idempotency_key")


async def test_the_same_key_for_something_else_is_refused(api: httpx2.AsyncClient) -> None:
    await _start(api, Idempotency_Key="k")
    other = await _start(api, {"action": "sample.echo", "parameters": {"message": "ho"}}, Idempotency_Key="k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


async def test_keys_are_each_identitys_own(clients: Clients, api: httpx2.AsyncClient) -> None:
    from attune_api.permissions import Role

    mine = await _start(api, Idempotency_Key="k")
    theirs = await _start(await clients.as_role(Role.OPERATOR), Idempotency_Key="k")
    assert theirs.status_code == 202
    assert theirs.json()["id"] != mine.json()["id"]


async def test_pages_lead_through_all_without_gap(api: httpx2.AsyncClient) -> None:
    ids = [(await _start(api)).json()["id"] for _ in range(7)]
    seen: list[int] = []
    cursor: str | None = None
    while True:
        params = {"limit": 3, "action": "sample.echo"} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/executions", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ids[::-1]


async def test_filters(api: httpx2.AsyncClient, store: Store) -> None:
    top = (await _start(api)).json()["id"]
    child = await world.execution(store, parent=top, status="running")
    for query, wanted in (
        ({"parent": top}, [child]),
        ({"root": "true"}, [top]),
        ({"status": "running"}, [child]),
        ({"rule": "no.rule"}, []),
    ):
        page = (await api.get("/executions", params=query)).json()
        assert [item["id"] for item in page["items"]] == wanted, query


async def test_logs_are_paged_in_order_over_attempts(api: httpx2.AsyncClient, store: Store) -> None:
    execution = (await _start(api)).json()["id"]
    await world.logs(store, execution, {1: 3, 2: 4})
    first = (await api.get(f"/executions/{execution}/logs?limit=5")).json()
    rest = (await api.get(f"/executions/{execution}/logs", params={"limit": 5, "cursor": first["next"]})).json()
    lines = [(line["attempt"], line["seq"]) for line in first["items"] + rest["items"]]
    assert lines == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (2, 4)]
    assert rest["next"] is None
    only = (await api.get(f"/executions/{execution}/logs?attempt=2")).json()
    assert len(only["items"]) == 4
    assert (await api.get("/executions/999/logs")).status_code == 404


async def test_the_end_of_logs_and_their_streams(api: httpx2.AsyncClient, store: Store) -> None:
    execution = (await _start(api)).json()["id"]
    await world.logs(store, execution, {1: 3, 2: 4})
    last = (await api.get(f"/executions/{execution}/logs?tail=2")).json()
    assert [(line["attempt"], line["seq"]) for line in last["items"]] == [(2, 3), (2, 4)]
    assert last["next"] is None
    assert (await api.get(f"/executions/{execution}/logs?stream=stderr")).json()["items"] == []
    for query in ("tail=0", "tail=1001", "stream=both", "tree=maybe"):
        assert (await api.get(f"/executions/{execution}/logs?{query}")).status_code == 422


async def test_who_reads_to_the_ends_has_missed_nothing(api: httpx2.AsyncClient, store: Store) -> None:
    run = await world.run(store, "running")
    tasks = [await world.execution(store, workflow_run=run.id, task_name=name, attempt=2) for name in ("a", "b", "c")]
    await world.logs(store, tasks[0], {1: 3, 2: 5})
    await world.logs(store, tasks[2], {2: 1})
    path = f"/executions/{run.execution}/logs/ends"
    first = (await api.get(path, params={"limit": 2})).json()
    rest = (await api.get(path, params={"limit": 2, "cursor": first["next"]})).json()
    ends = [(end["execution"], end["attempt"], end["seq"]) for end in first["items"] + rest["items"]]
    assert ends == [(tasks[0], 1, 3), (tasks[0], 2, 5), (tasks[2], 2, 1)]
    assert rest["next"] is None
    behind = (await api.get(f"/executions/{tasks[0]}/logs?attempt=2&after=3&limit=1")).json()
    more = (await api.get(f"/executions/{tasks[0]}/logs?attempt=2&limit=9&cursor={behind['next']}")).json()
    assert [line["seq"] for line in behind["items"] + more["items"]] == [4, 5]
    assert (await api.get(f"/executions/{tasks[0]}/logs?after=3")).status_code == 422
    assert (await api.get("/executions/999/logs/ends")).status_code == 404


async def test_logs_of_a_workflow_are_those_of_its_tasks(api: httpx2.AsyncClient, store: Store) -> None:
    run = await world.run(store, "running")
    tasks = [await world.execution(store, workflow_run=run.id, task_name=name, iteration=1) for name in ("a", "b")]
    for task in tasks:
        await world.logs(store, task, {1: 3})
    path = f"/executions/{run.execution}/logs"
    assert (await api.get(path)).json()["items"] == []
    found, cursor = [], None
    while True:
        page = (await api.get(path, params={"tree": True, "limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        found += [(line["execution"], line["seq"]) for line in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == [(task, seq) for task in tasks for seq in (1, 2, 3)]
    last = (await api.get(path, params={"tree": True, "tail": 1})).json()["items"]
    assert (last[0]["execution"], last[0]["seq"], last[0]["task_name"]) == (tasks[-1], 3, "b")


async def test_what_nobody_works_on_is_cancelled_at_once(api: httpx2.AsyncClient) -> None:
    execution = (await _start(api)).json()["id"]
    answer = await api.post(f"/executions/{execution}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
    assert answer.json()["error"]["type"] == "cancelled"
    again = await api.post(f"/executions/{execution}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "already_final")


async def test_a_running_one_is_asked_to_stop_as_often_as_you_like(api: httpx2.AsyncClient, store: Store) -> None:
    execution = await world.execution(store, status="running", token="t" * 32)
    for _ in range(2):
        answer = await api.post(f"/executions/{execution}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (202, "running")
        assert answer.json()["cancel_requested"] is True
    stops = [message for message in await world.sent(store) if isinstance(message, ExecutionCancel)]
    assert [(stop.execution_id, stop.token) for stop in stops] == [(execution, "t" * 32)] * 2


async def test_a_waiting_task_of_a_run_is_reported_to_its_run(api: httpx2.AsyncClient, store: Store) -> None:
    run = await world.run(store, "running")
    task = await world.execution(store, status="waiting", token="t" * 32, workflow_run=run.id, task_name="greet")
    assert (await api.post(f"/executions/{task}/cancel")).status_code == 202
    told = [message for message in await world.sent(store) if isinstance(message, ExecutionCompleted)]
    assert [(one.execution_id, one.status, one.workflow_execution_id) for one in told] == [(task, "cancelled", run.id)]


async def test_races_of_cancels_end_in_one_state(api: httpx2.AsyncClient) -> None:
    execution = (await _start(api)).json()["id"]
    answers = await asyncio.gather(*(api.post(f"/executions/{execution}/cancel") for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 19


async def test_nothing_is_announced_that_was_not_stored(api: httpx2.AsyncClient, store: Store) -> None:
    await _start(api, {"action": "sample.echo", "parameters": {}})
    assert await world.sent(store) == []
    assert unpack(b"[]") == []


async def _attempt(clients: Clients, store: Store, execution: int, depth: int) -> httpx2.AsyncClient:
    """A client with the token of the execution's attempt."""
    async with store.unit() as unit:
        await unit.execute(
            "UPDATE attune.execution SET status = 'running', token = repeat('t', 32), depth = $2 WHERE id = $1",
            execution,
            depth,
        )
    return clients.client(f"att_exec-{execution}_{'t' * 32}")


async def test_what_an_action_starts_knows_its_origin(api: httpx2.AsyncClient, clients: Clients, store: Store) -> None:
    first = (await _start(api)).json()
    action = await _attempt(clients, store, first["id"], 3)
    started = (await _start(action)).json()
    assert (started["parent"], started["trace_id"]) == (first["id"], first["trace_id"])
    assert (await api.get(f"/executions/{started['id']}")).json() == started
    async with store.connection() as connection:
        assert await connection.fetchval("SELECT depth FROM attune.execution WHERE id = $1", started["id"]) == 4


async def test_actions_that_start_themselves_come_to_an_end(
    api: httpx2.AsyncClient, clients: Clients, store: Store
) -> None:
    action = await _attempt(clients, store, (await _start(api)).json()["id"], 20)
    answer = await _start(action)
    assert (answer.status_code, answer.json()["code"]) == (409, "depth_limit")
