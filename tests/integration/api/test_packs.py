"""Registering packs: all of it or nothing, again and again, and removed when nothing runs."""

from __future__ import annotations

import asyncio
import io
import tarfile
from pathlib import Path

import httpx2
import pytest
from tests.integration.api import samples
from tests.integration.api.conftest import WORKER, Clients

from attune_api.packfiles.archives import canonical
from attune_common.store.store import Store

COUNTS = """
SELECT (SELECT count(*) FROM attune.pack) + (SELECT count(*) FROM attune.action)
     + (SELECT count(*) FROM attune.workflow_definition) + (SELECT count(*) FROM attune.trigger)
     + (SELECT count(*) FROM attune.rule) + (SELECT count(*) FROM attune.pack_content)
     + (SELECT count(*) FROM attune.workflow_version)
"""


async def _count(store: Store) -> int:
    async with store.connection() as connection:
        count: int = await connection.fetchval(COUNTS)
    return count


async def _live(store: Store, action: str, status: str = "running") -> int:
    sql = "INSERT INTO attune.execution (action_ref, status, trace_id) VALUES ($1, $2, 't') RETURNING id"
    async with store.unit() as unit:
        execution: int = await unit.fetchval(sql, action, status)
    return execution


async def test_a_pack_brings_everything(api: httpx2.AsyncClient, pack: dict[str, object], store: Store) -> None:
    assert pack["outcome"] == "created"
    assert pack["actions"] == ["sample.echo"]
    assert pack["workflows"] == ["sample.hello"]
    assert pack["triggers"] == ["sample.open", "sample.pushed"]
    assert pack["rules"] == ["sample.on_push"]
    assert pack["config"] == {"region": "north", "api_key": "********"}
    action = (await api.get("/actions/sample.hello")).json()
    assert action["is_workflow"] is True
    workflow = (await api.get("/workflows/sample.hello")).json()
    assert action["workflow_def"] == workflow["id"]
    assert action["param_schema"] == workflow["param_schema"]
    async with store.connection() as connection:
        graph = await connection.fetchval(
            "SELECT task_graph FROM attune.workflow_version WHERE digest = $1", workflow["digest"]
        )
    assert graph["greet"] == [{"to": "thank", "on": "on_success"}, {"to": "fail", "on": "on_failure"}]


async def test_rules_act_for_whoever_registered_them(api: httpx2.AsyncClient, pack: dict[str, object]) -> None:
    rule = (await api.get("/rules/sample.on_push")).json()
    assert (rule["owner"], rule["when"], rule["criteria"]) == (
        "admin",
        "{{ event.payload.branch == 'main' }}",
        None,
    )


async def test_the_same_again_changes_nothing(api: httpx2.AsyncClient, pack: dict[str, object]) -> None:
    again = await api.post("/packs", content=samples.archive(), headers=samples.GZIP)
    assert (again.status_code, again.json()["outcome"]) == (200, "unchanged")
    assert again.json()["updated"] == pack["updated"]


async def test_zip_form_and_folder_give_the_same_pack(
    api: httpx2.AsyncClient, pack: dict[str, object], tmp_path: Path
) -> None:
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in samples.files().items():
            archive.writestr(name, content)
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
    as_zip = await api.post("/packs", content=packed.getvalue(), headers={"Content-Type": "application/zip"})
    as_form = await api.post("/packs", files={"file": ("pack.tar.gz", samples.archive())})
    as_path = await api.post("/packs", json={"path": str(tmp_path)})
    assert [answer.json().get("outcome") for answer in (as_zip, as_form, as_path)] == ["unchanged"] * 3


async def test_an_upgrade_replaces_and_removes(api: httpx2.AsyncClient, pack: dict[str, object], store: Store) -> None:
    await api.put("/packs/sample/config", json={"config": {"region": "south", "api_key": "k"}})
    newer = samples.archive(
        pack=samples.FILES["pack.yaml"].replace("1.0.0", "2.0.0"),
        rules__on_push=None,
        triggers__open=None,
        workflows__hello=samples.HELLO.replace("thanks", "many thanks"),
    )
    answer = await api.post("/packs", content=newer, headers=samples.GZIP)
    body = answer.json()
    assert (answer.status_code, body["outcome"], body["version"]) == (200, "updated", "2.0.0")
    assert (body["rules"], body["triggers"]) == ([], ["sample.pushed"])
    assert body["config"]["region"] == "south"
    assert (await api.get("/rules/sample.on_push")).status_code == 404
    async with store.connection() as connection:
        versions = await connection.fetchval("SELECT count(*) FROM attune.workflow_version WHERE ref = 'sample.hello'")
    assert versions == 2


async def test_a_workflow_made_through_the_api_survives_an_upgrade(
    api: httpx2.AsyncClient, pack: dict[str, object]
) -> None:
    own = samples.HELLO.replace("sample.hello", "sample.own")
    assert (await api.post("/packs/sample/workflows", content=own, headers=samples.YAML)).status_code == 201
    newer = samples.archive(pack=samples.FILES["pack.yaml"].replace("1.0.0", "2.0.0"))
    answer = await api.post("/packs", content=newer, headers=samples.GZIP)
    assert answer.json()["workflows"] == ["sample.hello", "sample.own"]
    assert (await api.get("/actions/sample.own")).json()["is_workflow"] is True


async def test_an_action_may_become_a_workflow_and_a_workflow_an_action(api: httpx2.AsyncClient) -> None:
    leaf = b"ref: kind.thing\nlabel: T\nruntime: shell\nentry_point: 'true'\n"
    flow = b"ref: kind.thing\ntasks:\n  - name: a\n    action: core.noop\n"
    manifest = b"ref: kind\nlabel: Kind\nversion: 1.0.%d\n"
    for turn, is_workflow in enumerate([False, True, False, True]):
        thing = {"workflows/thing.yaml": flow} if is_workflow else {"actions/thing.yaml": leaf}
        packed = canonical({"pack.yaml": manifest % turn, **thing})
        answer = await api.post("/packs", content=packed, headers=samples.GZIP)
        assert answer.status_code in (200, 201), answer.text
        assert (await api.get("/actions/kind.thing")).json()["is_workflow"] is is_workflow
        assert ((await api.get("/workflows/kind.thing")).status_code == 200) is is_workflow


async def test_every_problem_is_told_with_its_place(api: httpx2.AsyncClient, store: Store) -> None:
    before = await _count(store)
    bad = samples.HELLO.replace("on_success: thank", "on_success: thnak").replace("label: Hello", "lable: Hello")
    rule = samples.FILES["rules/on_push.yaml"].replace("trigger: sample.pushed", "trigger: sample.pulled")
    answer = await api.post(
        "/packs", content=samples.archive(workflows__hello=bad, rules__on_push=rule), headers=samples.GZIP
    )
    body = answer.json()
    assert (answer.status_code, body["code"]) == (422, "invalid_definition")
    found = {(error["file"], error["line"], error["code"]) for error in body["errors"] if error["severity"] == "error"}
    assert {(file, line) for file, line, _ in found} >= {("workflows/hello.yaml", 2), ("rules/on_push.yaml", 3)}
    assert any(file == "workflows/hello.yaml" and line > 10 for file, line, _ in found)
    assert all(error["column"] > 0 and error["message"] for error in body["errors"])
    assert await _count(store) == before


async def test_an_action_of_a_pack_that_is_not_there_is_a_warning(api: httpx2.AsyncClient) -> None:
    elsewhere = samples.HELLO.replace("action: sample.echo\n    input: {message: thanks}", "action: elsewhere.thank")
    answer = await api.post("/packs", content=samples.archive(workflows__hello=elsewhere), headers=samples.GZIP)
    assert answer.status_code == 201
    warning = answer.json()["warnings"][0]
    assert (warning["code"], warning["file"]) == ("unknown_action", "workflows/hello.yaml")
    assert warning["line"] > 1


async def test_what_another_pack_has_is_not_taken(api: httpx2.AsyncClient, pack: dict[str, object]) -> None:
    other = {
        "pack.yaml": b"ref: other\nlabel: Other\n",
        "triggers/open.yaml": b"ref: other.open\nlabel: O\nkind: webhook\nwebhook: {signature: none, key: open.door}\n",
    }
    answer = await api.post("/packs", content=canonical(other), headers=samples.GZIP)
    assert (answer.status_code, answer.json()["code"]) == (409, "webhook_key_taken")
    assert (await api.get("/packs/other")).status_code == 404


async def test_two_at_once_end_as_one(api: httpx2.AsyncClient, store: Store) -> None:
    answers = await asyncio.gather(
        *(api.post("/packs", content=samples.archive(), headers=samples.GZIP) for _ in range(6))
    )
    assert sorted(answer.json()["outcome"] for answer in answers) == ["created", *["unchanged"] * 5]


async def test_removing_takes_everything_along(api: httpx2.AsyncClient, pack: dict[str, object], store: Store) -> None:
    assert (await api.delete("/packs/sample")).status_code == 204
    for path in ("/packs/sample", "/actions/sample.echo", "/workflows/sample.hello", "/rules/sample.on_push"):
        assert (await api.get(path)).status_code == 404
    assert (await api.delete("/packs/sample")).status_code == 404
    async with store.connection() as connection:
        left = await connection.fetchval("SELECT count(*) FROM attune.pack_content WHERE digest = $1", pack["digest"])
    assert left == 0


async def test_not_while_something_of_it_runs(api: httpx2.AsyncClient, pack: dict[str, object], store: Store) -> None:
    execution = await _live(store, "sample.echo")
    answer = await api.delete("/packs/sample")
    assert (answer.status_code, answer.json()["code"]) == (409, "pack_in_use")
    assert [error["path"] for error in answer.json()["errors"]] == [f"/api/v1/executions/{execution}"]


async def test_the_core_pack_is_there_and_stays(api: httpx2.AsyncClient) -> None:
    assert (await api.get("/packs/core")).status_code == 200
    assert (await api.delete("/packs/core")).status_code == 409
    forged = canonical({"pack.yaml": b"ref: core\nlabel: Mine\nversion: 9.9.9\n"})
    answer = await api.post("/packs", content=forged, headers=samples.GZIP)
    assert (answer.status_code, answer.json()["code"]) == (409, "core_pack")


async def test_workers_fetch_the_content_by_digest(clients: Clients, pack: dict[str, object]) -> None:
    worker = clients.client(WORKER)
    answer = await worker.get(f"/packs/content/{pack['digest']}")
    assert answer.headers["content-type"] == "application/gzip"
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        assert sorted(archive.getnames()) == sorted(samples.FILES)
    assert (await worker.get("/packs/content/" + "0" * 64)).status_code == 404


@pytest.mark.parametrize("config", [{"region": 5}, {"region": None}])
async def test_a_configuration_is_checked(
    api: httpx2.AsyncClient, pack: dict[str, object], config: dict[str, object]
) -> None:
    answer = await api.put("/packs/sample/config", json={"config": config})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_config")
    assert answer.json()["errors"][0]["path"] == "body.config.region"


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"", "application/gzip", 400, "bad_request"),
        (b"no archive", "application/gzip", 422, "bad_archive"),
        (b"{}", "application/json", 422, "invalid"),
        (b'{"path": "relative"}', "application/json", 422, "invalid"),
        (b'{"path": "/no/such/folder"}', "application/json", 422, "bad_archive"),
        (b"{", "application/json", 400, "bad_json"),
        (b"x", "text/html", 415, "unsupported_media_type"),
        (b"x", "", 415, "unsupported_media_type"),
        (b"x", "multipart/form-data", 400, "bad_request"),
        (b"--b--\r\n", "multipart/form-data; boundary=b", 422, "invalid"),
    ],
)
async def test_what_is_no_upload(api: httpx2.AsyncClient, content: bytes, kind: str, status: int, code: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = await api.post("/packs", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_local_folders_only_where_they_are_allowed(clients: Clients, api: httpx2.AsyncClient) -> None:
    clients.app.state.context.settings.allow_local_paths = False
    answer = await api.post("/packs", json={"path": "/tmp"})
    assert (answer.status_code, answer.json()["code"]) == (403, "local_paths_off")


async def test_a_pack_may_be_large_but_not_larger(clients: Clients, api: httpx2.AsyncClient) -> None:
    clients.app.state.context.settings.max_pack = 100_000
    answer = await api.post("/packs", content=b"\x1f\x8b" + bytes(100_000), headers=samples.GZIP)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
