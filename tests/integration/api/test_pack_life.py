"""The whole life of a pack: needs, settings by environment, versions, out of use, archived, removed, from git."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import httpx2
from tests.integration.api import samples
from tests.integration.api.conftest import Clients

from attune_api.packfiles.archives import canonical
from attune_api.usecases.configure_pack import follow_environment
from attune_common.store.store import Store

Files = dict[str, str]

PACK = "ref: {ref}\nlabel: {ref}\nversion: {version}\n"
ACTION = "ref: {ref}.go\nlabel: Go\nruntime: native\nentry_point: core.noop\n"


def files(ref: str, version: str = "1.0.0", more: str = "", **others: str) -> Files:
    """A pack with the action `<ref>.go`; `__` in names stands for a slash."""
    found = {"pack.yaml": PACK.format(ref=ref, version=version) + more, "actions/go.yaml": ACTION.format(ref=ref)}
    return found | {f"{name.replace('__', '/')}.yaml": text for name, text in others.items()}


async def register(api: httpx2.AsyncClient, content: Mapping[str, str]) -> httpx2.Response:
    packed = canonical({name: text.encode() for name, text in content.items()})
    return await api.post("/packs", content=packed, headers=samples.GZIP)


async def good(api: httpx2.AsyncClient, content: Mapping[str, str]) -> dict[str, Any]:
    answer = await register(api, content)
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_all_that_is_missing_is_told_at_once(api: httpx2.AsyncClient) -> None:
    await good(api, files("base", "1.4.0"))
    needs = "dependencies: [base >=2, nowhere, bse, 'core']\n"
    answer = await register(api, files("shop", more=needs))
    codes = [(error["code"], error["line"], error["column"]) for error in answer.json()["errors"]]
    assert answer.status_code == 422
    assert codes == [("wrong_version", 4, 16), ("missing_dependency", 4, 26), ("missing_dependency", 4, 35)]
    assert "did you mean" in answer.json()["errors"][2]["hint"]
    assert (await api.get("/packs/shop")).status_code == 404


async def test_a_version_that_others_cannot_use_is_refused(api: httpx2.AsyncClient) -> None:
    await good(api, files("base", "1.4.0"))
    await good(api, files("shop", more="dependencies: ['base >=1.2, <2']\n"))
    assert (await good(api, files("base", "1.5.0")))["outcome"] == "updated"
    answer = await register(api, files("base", "2.0.0"))
    assert (answer.status_code, answer.json()["code"]) == (409, "breaks_dependents")
    assert [error["message"] for error in answer.json()["errors"]] == ["the pack shop needs base >=1.2, <2"]


async def test_packs_that_need_each_other_are_refused(api: httpx2.AsyncClient) -> None:
    await good(api, files("base", "1.0.0"))
    await good(api, files("shop", more="dependencies: [base]\n"))
    await good(api, files("mall", more="dependencies: [shop]\n"))
    answer = await register(api, files("base", "1.1.0", more="dependencies: [core, mall]\n"))
    assert (answer.status_code, answer.json()["code"]) == (409, "circular_dependency")
    assert answer.json()["detail"] == "packs need each other: base needs mall needs shop needs base"


async def test_back_to_an_earlier_version(api: httpx2.AsyncClient) -> None:
    first = await good(api, files("base", "1.0.0"))
    await good(api, files("base", "2.0.0", triggers__t="ref: base.t\nkind: event\n"))
    assert (await good(api, files("base", "1.5.0")))["outcome"] == "downgraded"
    kept = (await api.get("/packs/base/versions")).json()["items"]
    assert [(one["version"], one["current"]) for one in kept] == [("1.5.0", True), ("2.0.0", False), ("1.0.0", False)]
    before = (await api.post("/packs/base/restore", json={})).json()
    assert (before["version"], before["triggers"]) == ("2.0.0", ["base.t"])
    back = (await api.post("/packs/base/restore", json={"version": "1.0.0"})).json()
    assert (back["version"], back["digest"], back["triggers"]) == ("1.0.0", first["digest"], [])
    answer = await api.post("/packs/base/restore", json={"version": "9.9.9"})
    assert (answer.status_code, answer.json()["code"]) == (404, "version_not_found")


async def test_out_of_use_and_back(api: httpx2.AsyncClient, pack: dict[str, object], clients: Clients) -> None:
    assert (await api.post("/packs/sample/disable")).json()["enabled"] is False
    started = await api.post("/executions", json={"action": "sample.echo", "parameters": {"message": "hello"}})
    assert (started.status_code, started.json()["code"]) == (409, "pack_disabled")
    assert "attune pack enable sample" in started.json()["hint"]
    told = await api.post("/events", json={"trigger": "sample.pushed", "payload": {"branch": "main"}})
    assert (told.status_code, told.json()["code"]) == (409, "trigger_disabled")
    assert (await clients.client().post("/webhooks/sample.open", json={})).status_code == 401
    assert (await api.post("/packs/sample/enable")).json()["enabled"] is True
    started = await api.post("/executions", json={"action": "sample.echo", "parameters": {"message": "hello"}})
    assert started.status_code == 202
    assert (await api.post("/packs/core/disable")).json()["code"] == "core_pack"


async def test_what_uses_a_pack_keeps_it(api: httpx2.AsyncClient, store: Store) -> None:
    await good(api, files("base", triggers__t="ref: base.t\nkind: event\n"))
    rule = "ref: shop.r\nlabel: R\ntrigger: base.t\naction: base.go\n"
    calls = "ref: shop.w\ntasks: [{name: a, action: base.go, input: {x: base.t}}]\n"
    await good(api, files("shop", more="dependencies: [base]\n", rules__r=rule, workflows__w=calls))
    async with store.unit() as unit:
        await unit.execute(
            "INSERT INTO attune.execution (action_ref, trace_id, status) VALUES ('base.go', 't', 'running')"
        )
    answer = await api.delete("/packs/base")
    assert (answer.status_code, answer.json()["code"]) == (409, "pack_in_use")
    assert [error["message"].split(" of ")[-1] for error in answer.json()["errors"]] == [
        "base.go is running",
        "the pack shop depends on it",
        "the rule shop.r names base.t",
        "the rule shop.r names base.go",
        "the workflow shop.w calls base.go",
    ]
    assert (await api.delete("/packs/base?archive=true")).status_code == 204
    assert "base" not in [one["ref"] for one in (await api.get("/packs")).json()["items"]]
    assert "base" in [one["ref"] for one in (await api.get("/packs?archived=true")).json()["items"]]
    started = await api.post("/executions", json={"action": "base.go"})
    assert started.json()["code"] == "pack_disabled"
    assert (await register(api, files("other", more="dependencies: [base]\n"))).status_code == 422
    again = await good(api, files("base", triggers__t="ref: base.t\nkind: event\n"))
    assert (again["outcome"], again["archived"], again["enabled"]) == ("updated", None, True)


async def test_nothing_uses_it_nothing_is_left(api: httpx2.AsyncClient, store: Store) -> None:
    await good(api, files("base", "1.0.0"))
    await good(api, files("base", "2.0.0"))
    assert (await api.delete("/packs/base")).status_code == 204
    async with store.connection() as connection:
        assert (
            await connection.fetchval(
                "SELECT count(*) FROM attune.pack_content WHERE digest IN "
                "(SELECT digest FROM attune.pack_version WHERE pack_ref = 'base')"
            )
            == 0
        )
        assert await connection.fetchval("SELECT count(*) FROM attune.pack_content") == 1


SETTINGS = """\
config:
  region: {type: string, default: north}
  size: {type: integer, default: 1, maximum: 9}
  api_key: {type: string, secret: true}
"""


async def test_single_settings(api: httpx2.AsyncClient) -> None:
    await good(api, files("base", more=SETTINGS))
    change = {"set": {"size": 5, "api_key": "hush"}}
    body = (await api.patch("/packs/base/config", json=change)).json()
    assert (body["config"], body["config_set"]) == (
        {"region": "north", "size": 5, "api_key": "********"},
        ["api_key", "size"],
    )
    body = (await api.patch("/packs/base/config", json={"unset": ["size"]})).json()
    assert (body["config"]["size"], body["config_set"]) == (1, ["api_key"])
    for wrong, code in (({"set": {"size": 10}}, "invalid_config"), ({"set": {"sise": 1}}, "invalid_config")):
        answer = await api.patch("/packs/base/config", json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert "did you mean" in answer.json()["errors"][0]["hint"]
    assert (await api.get("/packs/base")).json()["config"] == body["config"]


async def test_settings_by_environment(api: httpx2.AsyncClient, clients: Clients) -> None:
    in_production = {"config.production": "region: south\nsize: 7\n"}
    await good(api, files("base", more=SETTINGS, **in_production))
    assert (await api.get("/packs/base")).json()["config"] == {"region": "north", "size": 1}
    await api.patch("/packs/base/config", json={"set": {"size": 3}})
    context = clients.app.state.context
    context.settings = context.settings.model_copy(update={"environment": "production"})
    assert "base" in await follow_environment(context)
    body = (await api.get("/packs/base")).json()
    assert (body["config"], body["environment"]) == ({"region": "south", "size": 3}, "production")
    body = (await api.patch("/packs/base/config", json={"unset": ["size"]})).json()
    assert body["config"] == {"region": "south", "size": 7}


async def test_environment_files_are_checked(api: httpx2.AsyncClient) -> None:
    wrong = {"config.test": "size: many\nsice: 1\napi_key: hush\n", "config.staging": "size: 70\n"}
    answer = await register(api, files("base", more=SETTINGS, **wrong))
    found = {(error["file"], error["line"], error["code"]) for error in answer.json()["errors"]}
    assert found == {
        ("config.staging.yaml", 1, "invalid_config"),
        ("config.test.yaml", 1, "invalid_config"),
        ("config.test.yaml", 2, "unknown_setting"),
        ("config.test.yaml", 3, "secret_in_file"),
    }


async def test_a_changed_default_reaches_what_nobody_set(api: httpx2.AsyncClient) -> None:
    await good(api, files("base", more=SETTINGS))
    await api.patch("/packs/base/config", json={"set": {"size": 5}})
    newer = SETTINGS.replace("north", "west").replace("maximum: 9", "maximum: 4")
    body = await good(api, files("base", "1.1.0", more=newer))
    assert (body["config"]["region"], body["config"]["size"]) == ("west", 5)
    assert [warning["code"] for warning in body["warnings"]] == ["invalid_config"]


async def test_required_settings_are_set_one_by_one(api: httpx2.AsyncClient) -> None:
    needs = "config:\n  url: {type: string, required: true}\n  key: {type: string, required: true, secret: true}\n"
    needs += "  size: {type: integer, default: 1, minimum: 1}\n"
    body = await good(api, files("base", more=needs))
    assert [warning["code"] for warning in body["warnings"]] == ["invalid_config"] * 2
    first = await api.patch("/packs/base/config", json={"set": {"size": 4}})
    assert (first.status_code, first.json()["config"]) == (200, {"size": 4}), first.text
    wrong = await api.patch("/packs/base/config", json={"set": {"url": 7}})
    assert [error["path"] for error in wrong.json()["errors"]] == ["body.config.url"]
    for change in ({"url": "http://a"}, {"key": "hush"}):
        assert (await api.patch("/packs/base/config", json={"set": change})).status_code == 200
    again = await api.patch("/packs/base/config", json={"unset": ["url"]})
    assert (again.status_code, again.json()["code"]) == (422, "invalid_config")


async def test_lists_leave_out_what_archived_packs_brought(api: httpx2.AsyncClient) -> None:
    brought = {
        "triggers__t": "ref: shop.t\nkind: event\n", "sensors__s": "ref: shop.s\nentry_point: s.py\n",
        "rules__r": "ref: shop.r\ntrigger: shop.t\naction: shop.go\n",
        "workflows__w": "ref: shop.w\ntasks: [{name: a, action: core.noop}]\n",
        "policies__p": "ref: shop.p\naction: shop.go\nconcurrency: {limit: 1}\n",
    }  # fmt: skip
    await good(api, files("shop", **brought) | {"sensors/s.py": ""})
    refs = {"actions": ["shop.go", "shop.w"], "triggers": ["shop.t"], "sensors": ["shop.s"], "rules": ["shop.r"],
            "workflows": ["shop.w"], "policies": ["shop.p"]}  # fmt: skip

    async def listed(query: str, kinds: Iterable[str] = refs) -> dict[str, list[str]]:
        pages = {kind: (await api.get(f"/{kind}?limit=200{query}")).json()["items"] for kind in kinds}
        return {kind: [row["ref"] for row in rows if row["ref"].startswith("shop.")] for kind, rows in pages.items()}

    assert await listed("") == refs
    assert (await api.delete("/packs/shop?archive=true")).status_code == 204
    assert await listed("") == {kind: [] for kind in refs}
    by_name = refs.keys() - {"workflows"}
    assert await listed("&pack=shop", by_name) == {kind: refs[kind] for kind in by_name}
    assert [row["ref"] for row in (await api.get("/packs/shop/workflows")).json()["items"]] == ["shop.w"]
    assert (await api.get("/sensors/shop.s")).json()["status"] == "disabled"
    await good(api, files("shop", **brought) | {"sensors/s.py": ""})
    assert await listed("") == refs
