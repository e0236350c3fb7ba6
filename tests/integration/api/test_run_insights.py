"""The graph of a run and its explanation, over rows as the executor writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from tests.integration.api import world

from attune_common.store.store import Store

pytestmark = pytest.mark.usefixtures("pack")
ENDED = {"iteration": 1, "status": "succeeded", "attempt": 1, "started_at": "2026-01-01T00:00:00+00:00"}
DONE = {"last": ENDED | {"completed_at": "2026-01-01T00:00:02+00:00"}, "activations": 1}
RUNNING = {"current": {"iteration": 1, "phase": "running"}, "activations": 1}
BRANCHES = """
ref: sample.branches
tasks:
  - name: look
    action: sample.echo
    input: {message: hi}
    decision:
      - {when: "{{ result.n > 5 }}", next: left}
      - {when: "{{ result.n > 3 }}", next: right}
      - {default: left}
  - {name: left, action: sample.echo, input: {message: hi}}
  - {name: right, action: sample.echo, input: {message: hi}}
"""


async def branches(api: httpx2.AsyncClient, store: Store) -> world.Run:
    """A run of `sample.branches`."""
    answer = await api.post("/packs/sample/workflows", content=BRANCHES, headers={"Content-Type": "application/yaml"})
    assert answer.status_code == 201, answer.text
    run = await world.run(store, "running")
    async with store.unit() as unit:
        await unit.execute(
            "UPDATE attune.workflow_run SET workflow_ref = 'sample.branches', version = "
            "(SELECT digest FROM attune.workflow_definition WHERE ref = 'sample.branches') WHERE id = $1",
            run.id,
        )
    return run


async def tell(store: Store, run: world.Run, *commands: dict[str, Any]) -> None:
    """Lines of the journal, one for each command."""
    sql = "INSERT INTO attune.journal (workflow_run, revision, time, signal, commands) VALUES ($1, $2, now(), $3, $4)"
    async with store.unit() as unit:
        for revision, command in enumerate(commands, 1):
            await unit.execute(sql, run.id, revision, {"type": "TaskFinished"}, [{"type": "RunAction"}, command])


def ended(task: str, **more: Any) -> dict[str, Any]:
    return {"type": "TaskEnded", "task": task, "iteration": 1, "status": "succeeded", "fired": [], **more}


async def test_the_graph_tells_which_ways_were_taken_and_what_conditions_gave(
    api: httpx2.AsyncClient, store: Store
) -> None:
    run = await branches(api, store)
    await world.task(store, run, "look", "completed", DONE)
    await world.task(store, run, "right", "running", RUNNING)
    await tell(store, run, ended("look", fired=["decision[1]"], refused={"decision[0]": "false"}))
    body = (await api.get(f"/workflow-executions/{run.id}/graph")).json()
    assert [(edge["from"], edge["to"], edge["on"], edge["fired"], edge["gave"]) for edge in body["edges"]] == [
        ("look", "left", "decision[0]", False, "false"),
        ("look", "right", "decision[1]", True, "true"),
        ("look", "left", "decision[2]", False, None),
    ]
    assert body["edges"][0]["condition"] == "{{ result.n > 5 }}"
    nodes = {node["name"]: node for node in body["nodes"]}
    assert list(nodes) == ["look", "left", "right"]
    assert (nodes["look"]["status"], nodes["look"]["duration"], nodes["look"]["action"]) == (
        "completed", 2.0, "sample.echo",
    )  # fmt: skip
    assert (nodes["right"]["status"], nodes["right"]["duration"]) == ("running", None)
    assert (nodes["left"]["status"], nodes["left"]["activations"]) == ("pending", 0)


async def test_ways_are_counted_over_all_passes(api: httpx2.AsyncClient, store: Store) -> None:
    run = await branches(api, store)
    passes = [ended("look", fired=["decision[1]"], iteration=each) for each in (1, 2, 3)]
    problem = "look.decision[0].when: `result` has no 'n'"
    await tell(store, run, *passes, ended("look", iteration=4, status="failed", refused={"decision[0]": problem}))
    body = (await api.get(f"/workflow-executions/{run.id}/graph")).json()
    edges = {edge["on"]: edge for edge in body["edges"]}
    assert (edges["decision[1]"]["times"], edges["decision[1]"]["fired"]) == (3, True)
    assert (edges["decision[0]"]["times"], edges["decision[0]"]["gave"]) == (0, problem)


async def test_what_has_not_started_is_in_the_graph_too(api: httpx2.AsyncClient, store: Store) -> None:
    run = await world.run(store, "requested")
    body = (await api.get(f"/workflow-executions/{run.id}/graph")).json()
    assert {node["name"]: node["status"] for node in body["nodes"]} == {"greet": "pending", "thank": "pending"}
    assert not any(edge["fired"] for edge in body["edges"])


async def explained(api: httpx2.AsyncClient, run: world.Run) -> list[str]:
    answer = await api.get(f"/workflow-executions/{run.id}/explain")
    assert answer.status_code == 200, answer.text
    return [sentence["text"] for sentence in answer.json()["sentences"]]


async def test_an_explanation_names_workers_timers_and_ways(api: httpx2.AsyncClient, store: Store) -> None:
    run = await branches(api, store)
    await world.task(store, run, "look", "completed", DONE)
    await world.task(store, run, "right", "running", RUNNING)
    await tell(store, run, ended("look", fired=["decision[1]"], refused={"decision[0]": "false"}))
    begun = datetime.now(UTC) - timedelta(seconds=30)
    execution = await world.execution(
        store, workflow_run=run.id, task_name="right", iteration=1, status="running", worker="w1", attempt=3,
        losses=1, max_retries=4, started_at=begun,
    )  # fmt: skip
    async with store.unit() as unit:
        await unit.execute(
            "INSERT INTO attune.execution_attempt (execution, attempt, status, error) VALUES ($1, 2, 'failed', $2)",
            execution,
            {"type": "connect_error", "message": "nobody answers"},
        )
    texts = await explained(api, run)
    told = rf"`right` runs on worker w1, for 3\d s now \(execution {execution}, attempt 2 of 5\)\."
    assert any(re.fullmatch(told, text) for text in texts)
    assert "`right`: the last attempt failed: nobody answers [connect_error]." in texts
    assert (
        "`left` has not started: `look` succeeded, and decision[0] did not fire: `{{ result.n > 5 }}` gave false; "
        "decision[2] was not asked, as decision[1] was taken before."
    ) in texts


async def test_an_explanation_names_people_subworkflows_and_requests(api: httpx2.AsyncClient, store: Store) -> None:
    run = await branches(api, store)
    waiting = {"current": {"iteration": 1, "phase": "waiting"}, "activations": 1}
    await world.task(store, run, "left", "waiting", waiting)
    await world.task(store, run, "right", "waiting", waiting)
    asks = await world.execution(store, workflow_run=run.id, task_name="left", iteration=1, status="waiting")
    inner = await world.run(store, "paused", parent=run.execution)
    async with store.unit() as unit:
        await unit.execute(
            "UPDATE attune.execution SET workflow_run = $2, task_name = 'right', iteration = 1, status = 'waiting' "
            "WHERE id = $1",
            inner.execution,
            run.id,
        )
        inquiry = await unit.fetchval(
            "INSERT INTO attune.inquiry (execution, prompt, assigned_to) VALUES ($1, 'Go?', '{ada}') RETURNING id", asks
        )
        await unit.execute(
            "INSERT INTO attune.incident (kind, subject, detail) VALUES ('poison', $1, '{\"error\": \"it broke\"}')",
            f"run:{run.id}",
        )
    await api.post(f"/workflow-executions/{run.id}/pause")
    texts = await explained(api, run)
    assert f"`left` waits for `ada` to answer inquiry {inquiry}, “Go?”." in texts
    paused = f"which is paused (execution {inner.execution})"
    assert f"`right` waits for its workflow execution {inner.id}, {paused}." in texts
    assert any("set aside until an operator resolves incident" in text and "it broke" in text for text in texts)
    assert "A request to pause it is stored and not taken up yet: no executor has looked at it." in texts


async def test_an_explanation_of_an_iteration_stays_short(api: httpx2.AsyncClient, store: Store) -> None:
    run = await branches(api, store)
    counts = {"total": 100_000, "next": 600, "limit": 500, "live": 500, "succeeded": 99, "failed": 1}
    state = {"current": {"iteration": 1, "phase": "running", "items": counts}, "activations": 1}
    await world.task(store, run, "look", "running", state)
    async with store.unit() as unit:
        await unit.execute(
            "INSERT INTO attune.execution (action_ref, status, trace_id, workflow_run, task_name, iteration, "
            "task_index) SELECT 'sample.echo', 'scheduled', 't', $1, 'look', 1, n FROM generate_series(100, 599) n",
            run.id,
        )
    texts = await explained(api, run)
    assert "`look`: 100 of 100000 items have ended, 1 of them badly, 500 items under way." in texts
    assert "`look`: 99400 items are still to run: at most 500 run at once." in texts
    assert len(texts) < 12
