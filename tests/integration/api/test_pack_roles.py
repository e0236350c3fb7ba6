"""Roles on single packs: what is not theirs is not there, on every route that there is."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import httpx2
import pytest
from tests.integration.api import samples, world
from tests.integration.api.conftest import Clients

from attune_api.app import all_routes
from attune_api.packfiles.archives import canonical
from attune_api.permissions import GRANTS, Permission, Role
from attune_api.routing import AttuneRoute
from attune_common.store import identities
from attune_common.store.store import Store

Api: TypeAlias = httpx2.AsyncClient

ROUTES = sorted(
    ((method, route) for route in all_routes() for method in route.methods or ()), key=lambda pair: pair[1].path
)
OPEN_TO_ALL = {Permission.PUBLIC, Permission.IDENTIFIED}

OTHER = {
    "pack.yaml": b"ref: payroll\nlabel: Payroll\nversion: 1.0.0\n",
    "actions/pay.yaml": b"ref: payroll.pay\nlabel: Pay\nruntime: native\nentry_point: core.noop\n",
    "triggers/due.yaml": b"ref: payroll.due\nlabel: Due\nkind: event\n",
    "policies/one.yaml": b"ref: payroll.one\naction: payroll.pay\nconcurrency: {limit: 1}\n",
    "rules/pay.yaml": b"ref: payroll.on_due\nlabel: Pay\ntrigger: payroll.due\naction: payroll.pay\n",
    "workflows/all.yaml": b"ref: payroll.all\ntasks: [{name: pay, action: payroll.pay}]\n",
}


@pytest.fixture(autouse=True)
async def packs(api: Api, pack: dict[str, object]) -> None:
    answer = await api.post("/packs", content=canonical(OTHER), headers=samples.GZIP)
    assert answer.status_code == 201, answer.text


async def _things(store: Store, api: Api, pack: str) -> dict[str, str]:
    """Something of the pack for each kind of number."""
    action, workflow = ("payroll.pay", "payroll.all") if pack == "payroll" else ("sample.echo", "sample.hello")
    execution = await world.execution(store, action_ref=action, status="completed")
    top = await world.execution(store, action_ref=workflow, is_workflow=True, parameters={})
    async with store.unit() as unit:
        run = await unit.fetchval(
            "INSERT INTO attune.workflow_run (execution, workflow_ref, workflow_def, version, pack_ref, status) "
            "SELECT $1, ref, id, digest, pack_ref, 'running' FROM attune.workflow_definition WHERE ref = $2 "
            "RETURNING id",
            top,
            workflow,
        )
        trigger, rule = ("payroll.due", "payroll.on_due") if pack == "payroll" else ("sample.open", "sample.on_push")
        event = await unit.fetchval(
            "INSERT INTO attune.event (trigger_ref, trace_id, matched) VALUES ($1, 't', true) RETURNING id", trigger
        )
        enforcement = await unit.fetchval(
            "INSERT INTO attune.enforcement (rule_ref, event, matched, reason) VALUES ($1, $2, false, '') RETURNING id",
            rule,
            event,
        )
        inquiry = await unit.fetchval(
            "INSERT INTO attune.inquiry (execution, prompt) VALUES ($1, 'well?') RETURNING id", execution
        )
        incident = await unit.fetchval(
            "INSERT INTO attune.incident (kind, subject, detail) VALUES ('poison', $1, $2) RETURNING id",
            f"run:{run}", {"error": f"{pack} broke"},
        )  # fmt: skip
    return {
        "executions": str(execution),
        "workflow-executions": str(run),
        "events": str(event),
        "enforcements": str(enforcement),
        "inquiries": str(inquiry),
        "incidents": str(incident),
    }


_REFS = {
    "actions": "pay", "triggers": "due", "rules": "on_due", "workflows": "all", "packs": "", "sensors": "none",
    "policies": "one",
}  # fmt: skip


def _address(route: AttuneRoute, things: dict[str, str], pack: str) -> str | None:
    """Where the route shows or changes something of the pack; None when it is about no thing of a pack."""
    kind = route.path.removeprefix("/api/v1/").partition("/")[0]
    path = route.path
    if "{id}" in path and kind in things:
        path = path.replace("{id}", things[kind])
    elif "{ref}" in path and kind in _REFS:
        path = path.replace("{ref}", f"{pack}.{_REFS[kind]}".rstrip("."))
    elif "{key:path}" in path and kind in ("kv", "secrets"):
        path = path.replace("{key:path}", f"pack:{pack}/there")
    else:
        return None
    return None if "{" in path else "http://attune" + path


async def test_on_every_route_what_is_not_theirs_is_not_there(clients: Clients, api: Api, store: Store) -> None:
    for kind in ("kv", "secrets"):
        await api.put(f"/{kind}/pack:payroll/there", json={"value": 1})
    things = await _things(store, api, "payroll")
    eve = await clients.on_packs("eve", {"sample": Role.ADMIN})
    tried, wrong = 0, []
    for method, route in ROUTES:
        address = _address(route, things, "payroll")
        permission = route.declaration.permission
        if address is None or permission in OPEN_TO_ALL:
            continue
        answer = await eve.request(method, address)
        is_scoped = route.declaration.of is not None or route.declaration.scoped
        expected = (404,) if is_scoped and permission in GRANTS[Role.ADMIN] else (403,)
        if route.takes_body and answer.status_code in (400, 415, 422) and "{key" in route.path:
            answer = await eve.request(method, address, json={"value": 1} if method == "PUT" else {})
        if answer.status_code not in expected:
            wrong.append((method, route.path, answer.status_code, answer.text[:100]))
        tried += 1
    assert wrong == []
    assert tried > 35


async def test_nothing_in_the_answer_tells_a_hidden_thing_from_none(clients: Clients, api: Api, store: Store) -> None:
    things = await _things(store, api, "payroll")
    eve = await clients.on_packs("eve", {"sample": Role.ADMIN})
    for _, route in ROUTES:
        shown = _address(route, things, "payroll")
        none = _address(route, dict.fromkeys(things, "999999999"), "nothing")
        if shown is None or none is None or route.declaration.permission in OPEN_TO_ALL:
            continue
        answers = [(await eve.request("GET", address)).json() for address in (shown, none)]
        hidden, absent = ({k: v for k, v in a.items() if k != "request_id"} for a in answers)
        assert hidden == absent, route.path


LISTS = (
    "/packs", "/workflows", "/actions", "/triggers", "/rules", "/executions", "/workflow-executions", "/events",
    "/policies", "/enforcements", "/kv", "/secrets", "/sensors", "/inquiries", "/incidents",
)  # fmt: skip


async def test_lists_show_what_is_theirs_alone(clients: Clients, api: Api, store: Store) -> None:
    for pack in ("payroll", "sample"):
        await _things(store, api, pack)
        for kind in ("kv", "secrets"):
            await api.put(f"/{kind}/pack:{pack}/there", json={"value": 1})
            await api.put(f"/{kind}/{pack}.there", json={"value": 1})
    eve = await clients.on_packs("eve", {"sample": Role.ADMIN})
    for path in LISTS:
        everything, shown = [(await client.get(path, params={"limit": 200})).json()["items"] for client in (api, eve)]
        text = str(shown)
        assert "payroll" not in text, path
        assert "sample" in text or path in ("/sensors", "/inquiries", "/policies"), path
        assert len(shown) < len(everything) or path == "/sensors", path


async def test_a_list_route_that_nobody_has_thought_of_is_closed() -> None:
    """Every list is either among those above, or of the platform alone: nothing in it belongs to a pack."""
    known = {f"/api/v1{path}" for path in LISTS}
    closed = {"/api/v1/limits", "/api/v1/packs/content/{digest}", "/api/v1/queues", "/api/v1/workers"}
    for method, route in ROUTES:
        if method == "GET" and route.declaration.scoped and "{" not in route.path:
            assert route.path in known | closed, route.path


async def test_nobody_without_any_role_sees_anything(clients: Clients) -> None:
    nobody = await clients.on_packs("nobody", {})
    for path in (*LISTS, "/limits"):
        answer = await nobody.get(path)
        assert answer.status_code == (200 if path == "/inquiries" else 403), path
    who = (await nobody.get("/whoami")).json()
    assert (who["permissions"], who["packs"]) == (["identified", "public"], {})


async def test_an_operator_of_a_pack_runs_it_and_sees_what_comes_of_it(clients: Clients) -> None:
    ada = await clients.on_packs("ada", {"sample": Role.OPERATOR})
    started = await ada.post("/executions", json={"action": "sample.echo", "parameters": {"message": "hi"}})
    assert started.status_code == 202, started.text
    number = started.json()["id"]
    assert (await ada.get(f"/executions/{number}")).json()["identity"] == "ada"
    assert (await ada.get(f"/executions/{number}/logs")).status_code == 200
    assert (await ada.post(f"/executions/{number}/cancel")).status_code == 202
    assert (await ada.post("/workflows/sample.hello/execute", json={"parameters": {"name": "x"}})).status_code == 202
    for refused in ("payroll.pay", "nothing.there"):
        answer = await ada.post("/executions", json={"action": refused})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    library = await ada.post("/executions", json={"action": "core.echo"})
    assert (library.status_code, (await ada.get("/actions/core.echo")).status_code) == (403, 200)


async def test_what_others_did_with_the_library_stays_theirs(clients: Clients, store: Store) -> None:
    """A step of another pack's workflow runs an action that everybody may see."""
    top = await world.execution(store, action_ref="payroll.all", is_workflow=True, parameters={})
    step = await world.execution(store, action_ref="core.echo", root=top, parent=top)
    ada = await clients.on_packs("ada", {"sample": Role.ADMIN})
    assert (await ada.get(f"/executions/{step}")).status_code == 404
    assert (await ada.get("/executions", params={"action": "core.echo"})).json()["items"] == []
    ours = await world.execution(store, action_ref="sample.hello", is_workflow=True, parameters={})
    mine = await world.execution(store, action_ref="core.echo", root=ours, parent=ours)
    assert (await ada.get(f"/executions/{mine}")).status_code == 200
    shown = (await ada.get("/executions", params={"action": "core.echo"})).json()["items"]
    assert [row["id"] for row in shown] == [mine]


async def test_a_viewer_of_a_pack_changes_nothing(clients: Clients, api: Api, store: Store) -> None:
    things = await _things(store, api, "sample")
    ada = await clients.on_packs("ada", {"sample": Role.VIEWER})
    assert (await ada.get(f"/executions/{things['executions']}")).status_code == 200
    for method, path, body in (
        ("POST", f"/executions/{things['executions']}/cancel", None),
        ("POST", "/executions", {"action": "sample.echo", "parameters": {"message": "x"}}),
        ("POST", "/events", {"trigger": "sample.open"}),
        ("PUT", "/kv/pack:sample/a", {"value": 1}),
        ("DELETE", "/rules/sample.on_push", None),
        ("PUT", "/packs/sample/config", {"config": {}}),
    ):
        answer = await ada.request(method, path, json=body)
        assert answer.status_code == 403, (method, path, answer.text)


async def _rule(client: Api, **changed: Any) -> httpx2.Response:
    body = {"ref": "sample.mine", "trigger": "sample.open", "action": "sample.echo", "parameters": {"message": "x"}}
    return await client.post("/rules", json=body | changed)


async def test_a_rule_can_do_no_more_than_who_saves_it(clients: Clients, api: Api) -> None:
    ada = await clients.on_packs("ada", {"sample": Role.AUTHOR})
    assert (await _rule(ada, action="payroll.pay")).status_code == 404
    assert (await _rule(ada, trigger="payroll.due")).status_code == 404
    assert (await _rule(ada, ref="payroll.mine")).status_code == 404
    assert (await _rule(ada, action="core.shell")).status_code == 403
    assert (await _rule(ada)).json()["owner"] == "ada"
    assert (await ada.put("/rules/sample.mine", json={"action": "payroll.pay"})).status_code == 404


async def test_whoever_changes_a_rule_is_who_it_acts_for(clients: Clients, api: Api) -> None:
    """Else an author of the pack could let an administrator's rule do something else."""
    assert (await _rule(api)).json()["owner"] == "admin"
    ada = await clients.on_packs("ada", {"sample": Role.AUTHOR})
    changed = await ada.put("/rules/sample.mine", json={"parameters": {"message": "evil"}})
    assert (changed.status_code, changed.json()["owner"]) == (200, "ada")


async def test_an_author_registers_its_own_pack_alone(clients: Clients) -> None:
    ada = await clients.on_packs("ada", {"sample": Role.AUTHOR})
    ours = await ada.post("/packs", content=samples.archive(), headers=samples.GZIP)
    theirs = await ada.post("/packs", content=canonical(OTHER), headers=samples.GZIP)
    new = {**OTHER, "pack.yaml": b"ref: fresh\nlabel: Fresh\nversion: 1.0.0\n"}
    fresh = await ada.post("/packs", content=canonical({"pack.yaml": new["pack.yaml"]}), headers=samples.GZIP)
    assert (ours.status_code, theirs.status_code, fresh.status_code) == (200, 404, 404)


async def test_what_somebody_started_is_theirs_to_look_at(clients: Clients, store: Store) -> None:
    ada = await clients.on_packs("ada", {"sample": Role.VIEWER})
    async with store.unit() as unit:
        who = await identities.ensure(unit, "ada", "user", "none")
    mine = await world.execution(store, action_ref="payroll.pay", identity=who["id"])
    assert (await ada.get(f"/executions/{mine}")).status_code == 200
    assert [row["id"] for row in (await ada.get("/executions")).json()["items"]] == [mine]
    assert (await ada.post(f"/executions/{mine}/cancel")).status_code == 403


def test_paths_are_filled() -> None:
    assert all(re.search(r"[{}]", _address(route, {}, "x") or "") is None for _, route in ROUTES)
