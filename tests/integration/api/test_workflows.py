"""The seed's endpoints for workflows: create, list, get, update, delete, execute."""

from __future__ import annotations

import httpx2
import pytest
from tests.integration.api import samples, world

from attune_common.store.store import Store
from attune_core.definition.compile import compile_graph

pytestmark = pytest.mark.usefixtures("pack")
OWN = samples.HELLO.replace("sample.hello", "sample.own")


async def _create(api: httpx2.AsyncClient, text: str = OWN) -> httpx2.Response:
    return await api.post("/packs/sample/workflows", content=text, headers=samples.YAML)


async def test_a_new_one_is_an_action_like_any_other(api: httpx2.AsyncClient) -> None:
    answer = await _create(api)
    body = answer.json()
    assert (answer.status_code, body["ref"], body["version"], body["tags"]) == (201, "sample.own", "1.2.0", ["demo"])
    assert answer.headers["location"] == "/api/v1/workflows/sample.own"
    assert compile_graph(body["definition"]).start == ("greet",)
    assert (await api.get("/actions/sample.own")).json()["is_workflow"] is True
    assert (
        await api.post("/executions", json={"action": "sample.own", "parameters": {"name": "A"}})
    ).status_code == 202


async def test_json_says_the_same_as_yaml(api: httpx2.AsyncClient) -> None:
    definition = (await _create(api)).json()["definition"]
    await api.delete("/workflows/sample.own")
    answer = await api.post("/packs/sample/workflows", json={"definition": definition})
    assert answer.status_code == 201
    assert answer.json()["definition"] == definition


async def test_lists(api: httpx2.AsyncClient) -> None:
    await _create(api)
    for path in ("/packs/sample/workflows", "/workflows"):
        page = (await api.get(path)).json()
        assert [item["ref"] for item in page["items"]] == ["sample.hello", "sample.own"]
    assert (await api.get("/packs/nothing/workflows")).status_code == 404


async def test_an_update_replaces_and_keeps_the_old_version(api: httpx2.AsyncClient, store: Store) -> None:
    before = (await api.get("/workflows/sample.hello")).json()
    text = samples.HELLO.replace("thanks", "many thanks")
    answer = await api.put("/workflows/sample.hello", content=text, headers=samples.YAML)
    after = answer.json()
    assert (answer.status_code, after["id"]) == (200, before["id"])
    assert after["digest"] != before["digest"]
    async with store.connection() as connection:
        kept = await connection.fetch("SELECT digest FROM attune.workflow_version")
    assert {row["digest"] for row in kept} >= {before["digest"], after["digest"]}


async def test_a_workflow_of_the_pack_changed_by_hand_is_still_the_packs(api: httpx2.AsyncClient) -> None:
    text = samples.HELLO.replace("thanks", "many thanks")
    await api.put("/workflows/sample.hello", content=text, headers=samples.YAML)
    newer = samples.archive(
        pack=samples.FILES["pack.yaml"].replace("1.0.0", "2.0.0"), workflows__hello=None, rules__on_push=None
    )
    assert (await api.post("/packs", content=newer, headers=samples.GZIP)).json()["workflows"] == []
    assert (await api.get("/actions/sample.hello")).status_code == 404


async def test_delete_takes_the_action_along(api: httpx2.AsyncClient) -> None:
    await _create(api)
    assert (await api.delete("/workflows/sample.own")).status_code == 204
    assert (await api.get("/workflows/sample.own")).status_code == 404
    assert (await api.get("/actions/sample.own")).status_code == 404
    assert (await api.delete("/workflows/sample.own")).status_code == 404


async def test_not_while_it_runs(api: httpx2.AsyncClient, store: Store) -> None:
    await world.run(store, "paused")
    answer = await api.delete("/workflows/sample.hello")
    assert (answer.status_code, answer.json()["code"]) == (409, "live_executions")


async def test_execute_and_its_executions(api: httpx2.AsyncClient) -> None:
    started = await api.post("/workflows/sample.hello/execute", json={"parameters": {"name": "Ada"}})
    assert (started.status_code, started.json()["is_workflow"]) == (202, True)
    page = (await api.get("/workflows/sample.hello/executions")).json()
    assert [item["id"] for item in page["items"]] == [started.json()["id"]]
    assert (await api.get("/workflows/sample.hello/executions?status=failed")).json()["items"] == []


async def test_execute_takes_an_idempotency_key(api: httpx2.AsyncClient) -> None:
    body, key = {"parameters": {"name": "Ada"}}, {"Idempotency-Key": "k"}
    first = await api.post("/workflows/sample.hello/execute", json=body, headers=key)
    again = await api.post("/workflows/sample.hello/execute", json=body, headers=key)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]


@pytest.mark.parametrize(("ref", "status"), [("sample.echo", 404), ("sample.none", 404)])
async def test_only_workflows_are_executed_there(api: httpx2.AsyncClient, ref: str, status: int) -> None:
    answer = await api.post(f"/workflows/{ref}/execute", json={})
    assert (answer.status_code, answer.json()["code"]) == (status, "workflow_not_found")
    assert (await api.get(f"/workflows/{ref}/executions")).status_code == 404


async def test_a_workflow_whose_name_is_mistyped_is_named(api: httpx2.AsyncClient) -> None:
    answer = await api.post("/workflows/sample.helo/execute", json={})
    assert answer.json()["hint"] == "did you mean `sample.hello`?"


async def test_parameters_are_checked(api: httpx2.AsyncClient) -> None:
    answer = await api.post("/workflows/sample.hello/execute")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameters")


async def test_twice_is_a_conflict(api: httpx2.AsyncClient) -> None:
    await _create(api)
    answer = await _create(api)
    assert (answer.status_code, answer.json()["code"]) == (409, "ref_taken")


async def test_the_ref_of_an_action_is_taken(api: httpx2.AsyncClient) -> None:
    answer = await _create(api, samples.HELLO.replace("sample.hello", "sample.echo"))
    assert (answer.status_code, answer.json()["code"]) == (409, "ref_taken")
    assert (await api.get("/actions/sample.echo")).json()["is_workflow"] is False


async def test_a_pack_that_is_not_there(api: httpx2.AsyncClient) -> None:
    answer = await api.post("/packs/nothing/workflows", content=OWN, headers=samples.YAML)
    assert answer.status_code == 404
    assert (await api.put("/workflows/sample.own", content=OWN, headers=samples.YAML)).status_code == 404


async def test_address_and_definition_agree(api: httpx2.AsyncClient) -> None:
    elsewhere = await _create(api, samples.HELLO.replace("sample.hello", "core.hello"))
    other = await api.put("/workflows/sample.hello", content=OWN, headers=samples.YAML)
    assert (elsewhere.status_code, other.status_code) == (422, 422)
    assert other.json()["errors"][0]["path"] == "ref"


async def test_all_problems_at_once_with_their_places(api: httpx2.AsyncClient) -> None:
    bad = OWN.replace("on_success: thank", "on_sucess: thank").replace("vars.said", "vars.sayd")
    answer = await _create(api, bad)
    errors = [error for error in answer.json()["errors"] if error["severity"] == "error"]
    assert answer.status_code == 422
    assert len(errors) >= 2
    assert all(error["line"] and error["column"] for error in errors)
    assert any("did you mean" in error["hint"] for error in errors)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/yaml", 400),
        (b"[" * 50_000, "application/yaml", 422),
        (b"a: &a [x]\nb: " + b"[*a]" * 3, "application/yaml", 422),
        (b"!!python/object/apply:os.system [id]", "application/yaml", 422),
        (b"ref: a\nref: b", "application/yaml", 422),
        (b"---\na: 1\n---\nb: 2", "application/yaml", 422),
        (b"\xff\xfer\x00", "application/yaml", 422),
        (b"- a", "application/yaml", 422),
        (b"a\x00b", "application/yaml", 422),
        (b"# " + b"x" * 1_100_000, "application/yaml", 413),
        (b'{"definition": []}', "application/json", 422),
        (b'{"definition": {"ref": 5}}', "application/json", 422),
        (b'{"definition": {}, "x": 1}', "application/json", 422),
        (b"{", "application/json", 400),
        (b"x", "application/xml", 415),
    ],
)
async def test_what_is_no_workflow(api: httpx2.AsyncClient, content: bytes, kind: str, status: int) -> None:
    answer = await api.post("/packs/sample/workflows", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
