"""/policies: made, changed, looked at, and refused; what an execution waits for."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from tests.integration.api import samples
from tests.integration.api.conftest import Clients

from attune_api.packfiles.archives import canonical
from attune_api.permissions import Role
from attune_common.store.store import Store

POLICY: dict[str, Any] = {"ref": "my.policy", "action": "sample.echo", "concurrency": {"limit": 1}}


async def test_the_life_of_a_policy(api: httpx2.AsyncClient, pack: dict[str, object]) -> None:
    made = await api.post("/policies", json=POLICY)
    assert made.status_code == 201
    assert made.json()["concurrency"] == {"limit": 1, "on_limit": "queue"}
    changed = await api.put("/policies/my.policy", json={"rate_limit": {"limit": 3, "per": "hour"}, "enabled": False})
    assert changed.status_code == 200
    assert (changed.json()["concurrency"]["limit"], changed.json()["enabled"]) == (1, False)
    taken = (await api.put("/policies/my.policy", json={"concurrency": None})).json()
    assert (taken["concurrency"], taken["rate_limit"]["per"], taken["lines"]) == (None, "hour", [])
    listed = (await api.get("/policies?action=sample.echo")).json()["items"]
    assert [policy["ref"] for policy in listed] == ["my.policy"]
    assert (await api.post("/policies", json=POLICY)).status_code == 409
    assert (await api.delete("/policies/my.policy")).status_code == 204
    for method in ("GET", "DELETE", "PUT"):
        answer = await api.request(method, "/policies/my.policy", json={} if method == "PUT" else None)
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"concurrency": None}, "body.concurrency", "missing_key"),
        ({"concurrency": {"limit": 0}}, "body.concurrency.limit", None),
        ({"concurrency": {"limit": 1, "queue": 3}}, "body.concurrency.queue", None),
        ({"concurrency": {"limit": 1, "group_by": "env"}}, "body.concurrency.group_by", None),
        ({"concurrency": {"limit": 1, "group_by": "{{ vars.x }}"}}, "body.concurrency.group_by", "unknown_scope"),
        ({"rate_limit": {"limit": 1}}, "body.rate_limit.per", None),
        ({"retry": {"count": 1, "on_error": "error.type =="}}, "body.retry.on_error", "template_syntax"),
        ({"action": "sample.none"}, "body.action", "action_not_found"),
    ],
)
async def test_what_cannot_work_is_refused(
    api: httpx2.AsyncClient, pack: dict[str, object], change: dict[str, Any], path: str, code: str | None
) -> None:
    answer = await api.post("/policies", json=POLICY | change)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["path"] == path
    assert code is None or answer.json()["code"] == code
    assert (await api.get("/policies")).json()["items"] == []


async def test_all_that_is_wrong_is_told_at_once(api: httpx2.AsyncClient, pack: dict[str, object]) -> None:
    answer = await api.post("/policies", json={
        "ref": "my.policy", "action": "sample.echo", "queue": 1,
        "concurrency": {"limit": 0, "group_by": "env"}, "rate_limit": {"limit": 1, "group_by": "{{ vars.x }}"},
        "retry": {"count": "3", "on_error": "error.type =="},
    })  # fmt: skip
    body = answer.json()
    assert (answer.status_code, body["detail"].endswith("(and 6 more)")) == (422, True)
    assert {error["path"] for error in body["errors"]} == {
        "body.queue", "body.concurrency.limit", "body.concurrency.group_by", "body.rate_limit.group_by",
        "body.rate_limit.per", "body.retry.count", "body.retry.on_error",
    }  # fmt: skip
    hints = {error["path"]: error["hint"] for error in body["errors"]}
    assert hints["body.concurrency.group_by"] == "write {{ parameters.NAME }}"
    nothing = (await api.post("/policies", json={"ref": "my.policy", "action": "sample.none"})).json()
    assert [error["path"] for error in nothing["errors"]] == ["body.concurrency", "body.action"]
    await api.post("/policies", json=POLICY)
    changed = await api.put("/policies/my.policy", json={"action": "sample.none", "rate_limit": None, "retry": None,
                                                         "concurrency": None})  # fmt: skip
    assert [error["path"] for error in changed.json()["errors"]] == ["body.concurrency", "body.action"]


async def test_nobody_limits_what_belongs_to_others(clients: Clients, pack: dict[str, object]) -> None:
    eve = await clients.on_packs("eve", {"my": Role.ADMIN})
    answer = await eve.post("/policies", json=POLICY)
    assert answer.status_code in (403, 404)


async def test_policies_come_and_go_with_their_pack(api: httpx2.AsyncClient, pack: dict[str, object]) -> None:
    text = b"ref: sample.one\naction: sample.echo\nconcurrency: {limit: 2}\n"
    archive = canonical({**samples.files(), "policies/one.yaml": text})
    answer = await api.post("/packs", content=archive, headers=samples.GZIP)
    assert answer.status_code == 200, answer.text
    found = (await api.get("/policies/sample.one")).json()
    assert (found["pack_ref"], found["concurrency"]["limit"]) == ("sample", 2)
    await api.post("/packs", content=samples.archive(), headers=samples.GZIP)
    assert (await api.get("/policies/sample.one")).status_code == 404


async def test_an_execution_says_what_it_waits_for(
    api: httpx2.AsyncClient, pack: dict[str, object], store: Store
) -> None:
    await api.post("/policies", json=POLICY)
    start = {"action": "sample.echo", "parameters": {"message": "x"}}
    ids = [(await api.post("/executions", json=start)).json()["id"] for _ in range(3)]
    async with store.unit() as unit:
        await unit.execute(
            "INSERT INTO attune.policy_place (execution, policy, kind, step, bucket, state) "
            "SELECT e, (SELECT id FROM attune.policy), 'concurrency', 1, '', 'waiting' FROM unnest($1::bigint[]) AS e",
            ids,
        )
        await unit.execute("UPDATE attune.execution SET status = 'scheduling' WHERE id = ANY($1::bigint[])", ids)
    shown = (await api.get(f"/executions/{ids[2]}")).json()["waits_for"]
    expected = {"policy": "my.policy", "limit": "concurrency", "group": "", "position": 3, "due_at": None}
    assert shown == expected
    lines = (await api.get("/policies/my.policy")).json()["lines"]
    assert lines == [{"limit": "concurrency", "group": "", "running": 0, "waiting": 3, "next": ids[0]}]
