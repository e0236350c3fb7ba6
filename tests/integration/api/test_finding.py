"""Looking for things: filters, text in inputs, time, fields; tags and keys that make a repeat harmless; bulk."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from tests.integration.api import world
from tests.integration.api.conftest import Clients

from attune_api import searching
from attune_api.permissions import Role
from attune_common.store.store import Store

pytestmark = pytest.mark.usefixtures("pack")


async def ids(api: httpx2.AsyncClient, query: str, path: str = "/executions") -> list[int]:
    answer = await api.get(f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


@pytest.fixture
async def three(store: Store) -> list[int]:
    """Old, failed and of a rule; of another pack and trace; new and plain."""
    made = [await world.execution(store, status=status) for status in ("failed", "completed", "completed")]
    long_ago = datetime.now(UTC) - timedelta(days=30)
    async with store.unit() as unit:
        change = "UPDATE attune.execution SET created = $2, trace_id = $3, rule_ref = $4, trigger_ref = $5, "
        more = "action_ref = $6, parameters = $7 WHERE id = $1"
        await unit.execute(change + more, made[0], long_ago, "t1", "r.one", "q.go", "sample.echo", {"host": "Alpha"})
        await unit.execute(change + more, made[1], long_ago + timedelta(days=9), "t2", None, None, "sampler.x", {})
    return made


async def test_executions_are_found_by_what_is_known_of_them(api: httpx2.AsyncClient, three: list[int]) -> None:
    first, second, third = three
    assert await ids(api, "status=failed") == [first]
    assert await ids(api, "trace_id=t2") == [second]
    assert await ids(api, "rule=r.one&trigger=q.go") == [first]
    assert await ids(api, "pack=sampler") == [second]
    assert second not in await ids(api, "pack=sample")
    border = (datetime.now(UTC) - timedelta(days=25)).isoformat().replace("+00:00", "Z")
    assert await ids(api, f"since={border}") == [third, second]
    assert await ids(api, f"until={border}") == [first]
    assert await ids(api, "identity=nobody") == []
    assert (await api.get(f"/executions?since={border}&until={border}")).status_code == 422


async def test_text_in_inputs_is_found_in_bounded_steps(
    api: httpx2.AsyncClient, three: list[int], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await ids(api, "q=alpha") == [three[0]]
    assert await ids(api, "q=alpha&status=completed") == []
    monkeypatch.setattr(searching, "LOOKED_AT_ONCE", 1)
    found, cursor = [], ""
    for _ in range(10):
        page = (await api.get(f"/executions?q=alpha{cursor}")).json()
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == [three[0]]


async def test_events_runs_and_enforcements_have_filters_too(api: httpx2.AsyncClient) -> None:
    assert await ids(api, "pack=nothing&trace_id=x&since=2020-01-01T00:00:00Z", "/events") == []
    assert await ids(api, "pack=x&trace_id=y&root=true&until=2020-01-01T00:00:00Z", "/workflow-executions") == []
    assert await ids(api, "matched=true", "/enforcements") == []


async def test_only_the_fields_that_are_asked_for(api: httpx2.AsyncClient, three: list[int]) -> None:
    page = (await api.get("/executions?fields=id,status&limit=1")).json()
    assert page["items"] == [{"id": three[2], "status": "completed"}]
    assert page["next"]
    assert (await api.get(f"/executions/{three[2]}?fields=result")).json() == {"result": None}
    refused = await api.get("/executions?fields=id,secret")
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "query.fields")
    assert (await api.post("/executions?fields=id", json={"action": "core.noop"})).status_code == 422


RULE = {"ref": "sample.mine", "trigger": "sample.hook", "action": "core.noop"}


async def test_of_two_who_have_read_the_same_one_may_change_it(api: httpx2.AsyncClient) -> None:
    await api.post("/rules", json={**RULE, "trigger": await _trigger(api)})
    read = await api.get("/rules/sample.mine")
    tag = {"If-Match": read.headers["etag"]}
    assert (await api.get("/rules/sample.mine", headers={"If-None-Match": tag["If-Match"]})).status_code == 304
    both = [api.put("/rules/sample.mine", json={"label": f"l{n}"}, headers=tag) for n in range(2)]
    assert sorted(answer.status_code for answer in await asyncio.gather(*both)) == [200, 412]
    assert (await api.delete("/rules/sample.mine", headers=tag)).status_code == 412
    now = {"If-Match": (await api.get("/rules/sample.mine")).headers["etag"]}
    assert (await api.delete("/rules/sample.mine", headers=now)).status_code == 204


async def test_packs_workflows_and_what_packs_bring_have_tags(api: httpx2.AsyncClient) -> None:
    for path in ("/packs/sample", "/actions/core.noop"):
        answer = await api.get(path)
        assert answer.headers["etag"], path
        assert (await api.get(path, headers={"If-None-Match": answer.headers["etag"]})).status_code == 304
    stale = {"If-Match": '"1"'}
    assert (await api.put("/packs/sample/config", json={"config": {}}, headers=stale)).status_code == 412
    assert (await api.delete("/packs/sample", headers=stale)).status_code == 412
    assert (await api.get("/packs/sample")).status_code == 200


async def _trigger(api: httpx2.AsyncClient) -> str:
    return str((await api.get("/triggers?pack=sample&limit=1")).json()["items"][0]["ref"])


async def test_fifty_times_the_same_key_make_one(api: httpx2.AsyncClient) -> None:
    body, key = {**RULE, "trigger": await _trigger(api)}, {"Idempotency-Key": "once"}
    answers = await asyncio.gather(*(api.post("/rules", json=body, headers=key) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotent-replay" in answer.headers for answer in answers) == 49
    other = await api.post("/rules", json={**body, "label": "other"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


async def test_a_refusal_leaves_the_key_free_and_a_token_is_shown_once(api: httpx2.AsyncClient) -> None:
    key = {"Idempotency-Key": "k2"}
    bad = {**RULE, "trigger": "no.such"}
    assert (await api.post("/rules", json=bad, headers=key)).status_code == 422
    assert (await api.post("/rules", json={**RULE, "trigger": await _trigger(api)}, headers=key)).status_code == 201
    asked: dict[str, Any] = {"label": "x"}
    first = await api.post("/tokens", json=asked, headers={"Idempotency-Key": "k3"})
    assert first.status_code == 201, first.text
    again = await api.post("/tokens", json=asked, headers={"Idempotency-Key": "k3"})
    assert (again.status_code, again.json()["code"]) == (409, "already_done")
    assert (await api.post("/rules", json=RULE, headers={"Idempotency-Key": "a b"})).status_code == 422


async def test_many_are_cancelled_by_a_filter_and_the_report_tells_of_each(
    api: httpx2.AsyncClient, store: Store, clients: Clients
) -> None:
    live = [await world.execution(store, status="requested") for _ in range(5)]
    done = await world.execution(store, status="completed")
    viewer = await clients.as_role(Role.VIEWER)
    body = {"filter": {"action": await _action_of(api, live[0])}}
    assert (await viewer.post("/executions/cancel", json=body)).status_code == 403
    assert (await api.post("/executions/cancel", json={"filter": {}})).status_code == 422
    dry = (await api.post("/executions/cancel", json={**body, "dry_run": True, "limit": 2})).json()
    assert (dry["matched"], dry["more"], dry["done"]) == (2, True, [live[4], live[3]])
    report = (await api.post("/executions/cancel", json=body)).json()
    assert (report["done"], report["refused"], report["more"]) == (live[::-1], [], False)
    assert {(await api.get(f"/executions/{id}")).json()["status"] for id in live} == {"cancelled"}
    named = {"filter": {"ids": [done, *live], "status": ["completed"]}}
    refused = (await api.post("/executions/cancel", json=named)).json()
    assert [(one["id"], one["code"]) for one in refused["refused"]] == [(done, "already_final")]
    for place in ("cancel", "retry"):
        by_list = await api.post(f"/workflow-executions/{place}", json={"filter": {"workflow": "my.flow"}})
        assert (by_list.status_code, by_list.json()["matched"]) == (202, 0)
        twofold = {"filter": {"workflow": "my.flow", "action": "my.other"}}
        assert (await api.post(f"/workflow-executions/{place}", json=twofold)).status_code == 422
        answer = await api.post(f"/workflow-executions/{place}", json={"filter": {"pack": "nothing"}})
        assert (answer.status_code, answer.json()["matched"]) == (202, 0)


async def _action_of(api: httpx2.AsyncClient, execution: int) -> str:
    return str((await api.get(f"/executions/{execution}")).json()["action"])


async def test_workers_are_listed_with_how_long_they_are_silent(api: httpx2.AsyncClient, store: Store) -> None:
    async with store.unit() as unit:
        for name, seconds in (("w1", 1), ("w2", 25), ("w3", 500)):
            await unit.execute(
                "INSERT INTO attune.worker (name, pools, running, started, seen) "
                "VALUES ($1, '{default}', 2, now(), now() - make_interval(secs => $2))",
                name,
                float(seconds),
            )
    found = (await api.get("/workers?pool=default")).json()["items"]
    assert [(one["name"], one["status"]) for one in found] == [("w1", "alive"), ("w2", "silent"), ("w3", "gone")]
    assert (await api.get("/workers?pool=gpu")).json()["items"] == []


async def test_lists_take_several_statuses(api: httpx2.AsyncClient, store: Store, three: list[int]) -> None:
    failed = three[0]
    late = await world.execution(store, status="timeout")
    assert await ids(api, "status=failed&status=timeout") == [late, failed]
    assert await ids(api, "status=failed&status=failed") == [failed]
    assert await ids(api, "q=alpha&status=failed&status=timeout") == [failed]
    assert await ids(api, "q=alpha&status=completed&status=timeout") == []
    runs = [await world.run(store, status) for status in ("failed", "paused", "completed")]
    assert await ids(api, "status=failed&status=paused", "/workflow-executions") == [runs[1].id, runs[0].id]
    of_workflow = "/workflows/sample.hello/executions"
    assert await ids(api, "status=running&status=failed", of_workflow) == [run.execution for run in reversed(runs)]
    assert await ids(api, "status=completed&status=failed", of_workflow) == []
    items = [
        await world.execution(
            store, status=status, workflow_run=runs[0].id, task_name="each", iteration=0, task_index=place
        )
        for place, status in enumerate(("failed", "completed", "timeout"))
    ]
    page = await api.get(f"/workflow-executions/{runs[0].id}/tasks?task=each&status=failed&status=timeout")
    assert [item["execution"] for item in page.json()["items"]] == [items[0], items[2]]


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/executions", "'requested'"), ("/workflow-executions", "'requested'"), ("/inquiries", "'pending'"),
        ("/incidents", "'open'"), ("/dead-letters", "'replayed'"), ("/workflows/sample.hello/executions", "'failed'"),
    ],
)  # fmt: skip
async def test_a_status_that_there_is_not_is_refused(api: httpx2.AsyncClient, path: str, known: str) -> None:
    good = known.strip("'")
    assert (await api.get(f"{path}?status={good}&status={good}")).status_code == 200
    refused = await api.get(f"{path}?status={good}&status=lost")
    [place] = refused.json()["errors"]
    assert (refused.status_code, place["path"]) == (422, "query.status[1]")
    assert known in place["message"]
    twice = await api.get(f"{path}?limit=1&limit=2")
    assert (twice.status_code, twice.json()["errors"][0]["path"]) == (422, "query.limit")
