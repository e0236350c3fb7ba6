"""Watching runs, and asking them to pause, resume, cancel and retry."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from tests.integration.api import world

from attune_api.usecases.control_run import ALLOWED, REPEATED, Kind
from attune_common.contracts.workflow import RunRequested
from attune_common.store.store import Store
from attune_core.model.status import ExecutionStatus

pytestmark = pytest.mark.usefixtures("pack")
ENDED = {"iteration": 1, "status": "succeeded", "attempt": 1, "started_at": "2026-01-01T00:00:00+00:00"}
DONE = ENDED | {"completed_at": "2026-01-01T00:00:02+00:00"}
FAILED = {"last": DONE | {"status": "failed", "unhandled": True}, "activations": 1}


async def test_a_run_shows_where_it_stands(api: httpx2.AsyncClient, store: Store) -> None:
    run = await world.run(store, "running")
    await world.task(store, run, "greet", "completed", {"last": DONE, "activations": 1})
    await world.task(store, run, "thank", "running", {"current": {"iteration": 1, "phase": "running"}})
    body = (await api.get(f"/workflow-executions/{run.id}")).json()
    assert (body["execution"], body["workflow_ref"], body["status"]) == (run.execution, "sample.hello", "running")
    assert (body["completed_tasks"], body["current_tasks"], body["failed_tasks"]) == (["greet"], ["thank"], [])
    assert body["variables"] == {"said": "hello Ada"}
    assert body["parameters"] == {"name": "Ada"}
    execution = (await api.get(f"/executions/{run.execution}")).json()
    assert execution["workflow_execution"] == run.id


async def test_runs_are_found_by_execution_and_workflow(api: httpx2.AsyncClient, store: Store) -> None:
    first, second = await world.run(store, "running"), await world.run(store, "failed")
    for query, wanted in (
        ({"execution": first.execution}, [first.id]),
        ({"workflow": "sample.hello"}, [second.id, first.id]),
        ({"status": "failed"}, [second.id]),
        ({"workflow": "sample.none"}, []),
    ):
        page = (await api.get("/workflow-executions", params=query)).json()
        assert [item["id"] for item in page["items"]] == wanted, query


async def test_tasks_are_one_row_each_and_iterations_have_counts(api: httpx2.AsyncClient, store: Store) -> None:
    run = await world.run(store, "running")
    counts = {"total": 250, "next": 103, "limit": 100, "live": 100, "succeeded": 2, "failed": 1}
    await world.task(store, run, "greet", "running", {"current": {"iteration": 2, "phase": "open", "items": counts}})
    for index in range(5):
        await world.execution(store, workflow_run=run.id, task_name="greet", iteration=2, task_index=index)
    await world.execution(
        store, workflow_run=run.id, task_name="thank", iteration=1, status="completed", attempt=3, max_retries=4,
        result={"said": "hi"},
    )  # fmt: skip
    await world.task(store, run, "thank", "completed", {"last": DONE, "activations": 1})
    greet, thank = (await api.get(f"/workflow-executions/{run.id}/tasks")).json()["items"]
    assert greet["items"] == {
        "total": 250, "started": 103, "live": 100, "succeeded": 2, "failed": 1, "timed_out": 0, "cancelled": 0,
        "skipped": 0,
    }  # fmt: skip
    assert (greet["execution"], greet["iteration"], greet["status"]) == (None, 2, "running")
    assert (thank["result"], thank["retry_count"], thank["max_retries"]) == ({"said": "hi"}, 2, 4)
    assert (thank["action"], thank["items"], thank["duration"]) == ("sample.echo", None, 2.0)


async def test_the_items_of_a_task_are_paged_in_order(api: httpx2.AsyncClient, store: Store) -> None:
    run = await world.run(store, "running")
    for iteration, index in [(1, None), (2, 1), (2, 0), (2, 2), (3, None), (4, 0)]:
        await world.execution(
            store, workflow_run=run.id, task_name="greet", iteration=iteration, task_index=index, status="completed"
        )
    seen: list[tuple[int, int | None]] = []
    cursor: str | None = None
    while True:
        params = {"task": "greet", "limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await api.get(f"/workflow-executions/{run.id}/tasks", params=params)).json()
        seen += [(item["iteration"], item["task_index"]) for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [(1, None), (2, 0), (2, 1), (2, 2), (3, None), (4, 0)]


async def test_the_bad_items_are_found_among_many(api: httpx2.AsyncClient, store: Store) -> None:
    run = await world.run(store, "running")
    for index in range(20):
        await world.execution(
            store, workflow_run=run.id, task_name="greet", iteration=1, task_index=index,
            status="failed" if index in (3, 17) else "completed",
        )  # fmt: skip
    address = f"/workflow-executions/{run.id}/tasks"
    page = (await api.get(address, params={"task": "greet", "status": "failed", "limit": "1"})).json()
    rest = (await api.get(address, params={"task": "greet", "status": "failed", "cursor": page["next"]})).json()
    assert [item["task_index"] for item in page["items"] + rest["items"]] == [3, 17]
    assert (await api.get(f"{address}?status=failed")).status_code == 422


async def test_both_tries_of_a_subworkflow_are_shown(api: httpx2.AsyncClient, store: Store) -> None:
    outer = await world.run(store, "running")
    runs = []
    for iteration in (1, 2):
        inner = await world.run(store, "failed", parent=outer.execution)
        runs.append(inner.id)
        async with store.unit() as unit:
            await unit.execute(
                "UPDATE attune.execution SET workflow_run = $2, task_name = 'greet', iteration = $3 WHERE id = $1",
                inner.execution, outer.id, iteration,
            )  # fmt: skip
    page = (await api.get(f"/workflow-executions/{outer.id}/tasks?task=greet")).json()
    assert [item["child_workflow_execution"] for item in page["items"]] == runs


async def test_the_journal_is_paged(api: httpx2.AsyncClient, store: Store) -> None:
    run = await world.run(store, "running")
    await world.journal(store, run, 5)
    first = (await api.get(f"/workflow-executions/{run.id}/history?limit=3")).json()
    rest = (await api.get(f"/workflow-executions/{run.id}/history", params={"cursor": first["next"]})).json()
    assert [entry["revision"] for entry in first["items"] + rest["items"]] == [1, 2, 3, 4, 5]
    assert first["items"][0]["signal"] == {"type": "RunStarted"}


CASES = [(kind, status) for kind in ALLOWED for status in ExecutionStatus]


@pytest.mark.parametrize("kind", list(ALLOWED))
async def test_a_request_is_accepted_where_the_state_allows_it(
    api: httpx2.AsyncClient, store: Store, kind: Kind
) -> None:
    for status in ExecutionStatus:
        run = await world.run(store, status.value)
        await world.task(store, run, "thank", "failed", FAILED)
        answer = await api.post(f"/workflow-executions/{run.id}/{kind}")
        asked = [each[0] for each in await world.requests(store, run)]
        if status in ALLOWED[kind]:
            assert (answer.status_code, asked) == (202, [kind]), status
        elif status in REPEATED[kind]:
            assert (answer.status_code, asked) == (202, []), status
        else:
            assert (answer.status_code, answer.json()["code"], asked) == (409, "wrong_state", []), status


@pytest.mark.parametrize(
    ("status", "kinds", "kept"),
    [
        ("running", ["pause", "resume"], ["pause", "resume"]),
        ("running", ["pause", "pause", "resume", "resume"], ["pause", "resume"]),
        ("paused", ["resume", "pause"], ["resume", "pause"]),
        ("paused", ["resume", "pause", "resume"], ["resume", "pause", "resume"]),
        ("running", ["pause", "cancel"], ["pause", "cancel"]),
    ],
)
async def test_what_was_asked_before_counts_although_it_is_still_to_be_done(
    api: httpx2.AsyncClient, store: Store, status: str, kinds: list[str], kept: list[str]
) -> None:
    run = await world.run(store, status)
    for kind in kinds:
        assert (await api.post(f"/workflow-executions/{run.id}/{kind}")).status_code == 202
    assert [kind for kind, _ in await world.requests(store, run)] == kept


async def test_the_executor_is_told(api: httpx2.AsyncClient, store: Store) -> None:
    run = await world.run(store, "running")
    await api.post(f"/workflow-executions/{run.id}/cancel", json={"reason": "wrong day"})
    assert await world.sent(store) == [RunRequested(workflow_execution_id=run.id, kind="cancel")]
    assert await world.requests(store, run) == [("cancel", {"reason": "wrong day"})]


async def test_cancelling_its_execution_asks_the_run(api: httpx2.AsyncClient, store: Store) -> None:
    run = await world.run(store, "running")
    assert (await api.post(f"/executions/{run.execution}/cancel")).status_code == 202
    assert [kind for kind, _ in await world.requests(store, run)] == ["cancel"]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (None, {"tasks": [], "reset_items": True}),
        ({}, {"tasks": [], "reset_items": True}),
        ({"tasks": ["thank"], "reset_items": False}, {"tasks": ["thank"], "reset_items": False}),
    ],
)
async def test_a_retry_says_what_to_run_again(
    api: httpx2.AsyncClient, store: Store, body: Any, detail: dict[str, Any]
) -> None:
    run = await world.run(store, "failed")
    await world.task(store, run, "thank", "failed", FAILED)
    answer = await api.post(f"/workflow-executions/{run.id}/retry", **({} if body is None else {"json": body}))
    assert answer.status_code == 202
    assert await world.requests(store, run) == [("retry", detail)]


@pytest.mark.parametrize("body", [{"tasks": ["nobody"]}, {"tasks": "thank"}, {"reset_items": "no"}, {"x": 1}, []])
async def test_what_is_no_retry(api: httpx2.AsyncClient, store: Store, body: Any) -> None:
    run = await world.run(store, "failed")
    answer = await api.post(f"/workflow-executions/{run.id}/retry", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"].startswith("body")


async def test_a_run_without_a_failed_task_has_nothing_to_retry(api: httpx2.AsyncClient, store: Store) -> None:
    run = await world.run(store, "failed")
    await world.task(store, run, "greet", "completed", {"last": DONE, "activations": 1})
    answer = await api.post(f"/workflow-executions/{run.id}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_retry")
    answer = await api.post(f"/workflow-executions/{run.id}/retry", json={"tasks": ["greet"]})
    assert answer.status_code == 202


async def test_a_subworkflow_is_retried_from_outside(api: httpx2.AsyncClient, store: Store) -> None:
    outer = await world.run(store, "failed")
    inner = await world.run(store, "failed", parent=outer.execution)
    await world.task(store, inner, "thank", "failed", FAILED)
    answer = await api.post(f"/workflow-executions/{inner.id}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")


@pytest.mark.parametrize("part", ["", "/tasks", "/graph", "/explain", "/history", "/tasks?task=a"])
async def test_a_run_that_is_not_there(api: httpx2.AsyncClient, part: str) -> None:
    assert (await api.get(f"/workflow-executions/4711{part}")).status_code == 404


@pytest.mark.parametrize("kind", list(ALLOWED))
async def test_asking_a_run_that_is_not_there(api: httpx2.AsyncClient, kind: str) -> None:
    assert (await api.post(f"/workflow-executions/4711/{kind}")).status_code == 404
