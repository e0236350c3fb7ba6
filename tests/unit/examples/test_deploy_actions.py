"""The deploy example's actions against a host agent and a datastore of the test's own."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException

from attune_cli.demo.site import Site, open_site
from attune_cli.serving import Serving, listen, port_of
from attune_sdk.context import Context
from attune_sdk.testing import Outcome, run
from tests.support.waiting import until

PACK = Path(__file__).parents[3] / "packs/examples/deploy"


@pytest.fixture(autouse=True)
def _pack_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(PACK / "lib"))
    yield
    sys.modules.pop("deploy_http", None)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with open_site() as site:
        yield site


@contextlib.asynccontextmanager
async def _datastore(values: dict[str, Any]) -> AsyncIterator[str]:
    app = FastAPI()

    @app.get("/api/v1/kv/{key}")
    async def get(key: str) -> dict[str, Any]:
        if key not in values:
            raise HTTPException(404)
        return {"key": key, "value": values[key]}

    @app.put("/api/v1/kv/{key}")
    async def put(key: str, body: dict[str, Any]) -> dict[str, Any]:
        values[key] = body["value"]
        return body

    listening = listen("127.0.0.1", 0)
    serving = Serving(app, listening)
    await serving.start()
    yield f"http://127.0.0.1:{port_of(listening)}"
    await serving.stop(1)


async def _act(name: str, context: Context | None = None, **parameters: Any) -> Outcome:
    spec = importlib.util.spec_from_file_location(name, PACK / "actions" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (target,) = (value for value in vars(module).values() if type(value).__name__ == "Action")
    return await asyncio.to_thread(run, target, context or Context(pack_dir=str(PACK), execution_id=5), **parameters)


async def _build(site: Site, version: str) -> dict[str, Any]:
    built = await _act("build_and_push", app_name="hello", version=version, registry=site.url)
    assert built.succeeded, built.error
    return dict(built.result)


async def test_the_same_files_make_the_same_archive_and_the_agent_has_it(site: Site) -> None:
    first, again = await _build(site, "1.0.0"), await _build(site, "1.0.0")
    assert first == again
    assert (await _build(site, "2.0.0"))["checksum"] != first["checksum"]
    gone = await _act("cleanup_resources", deployment_id="none", image=first["image_uri"], rollback=True)
    assert not gone.succeeded


@pytest.mark.parametrize("version", ["9.9.9", "../..", "/etc", ""])
async def test_releases_that_are_none(site: Site, version: str) -> None:
    built = await _act("build_and_push", app_name="hello", version=version, registry=site.url)
    assert (built.error or {})["type"] == "unknown_release"


async def test_a_release_is_not_ready_and_then_is(site: Site) -> None:
    built = await _build(site, "1.0.0")
    for action in ("wait_for_ready", "rollback_deployment"):
        extra = {"version": "1.0.0"} if action == "rollback_deployment" else {}
        unknown = await _act(action, app_name="hello", host=site.url, **extra)
        assert (unknown.error or {})["type"] == "host_error"
    async with _datastore({}) as api:
        context = Context(execution_id=7, api_url=api, api_token="att_x")
        made = await _act(
            "create_deployment_record", context, app_name="hello", version="1.0.0", environment="dev",
            host=site.url, health_path="/health",
        )  # fmt: skip
        assert made.succeeded, made.error
    shared = {"app_name": "hello", "host": site.url}
    deployed = await _act(
        "apply_deployment", **shared, version="1.0.0", image=built["image_uri"], checksum=built["checksum"]
    )
    assert deployed.succeeded, deployed.error
    early = await _act("wait_for_ready", **shared)
    assert (early.error or {}).get("type") == "not_ready"

    async def ready() -> bool:
        return (await _act("wait_for_ready", **shared)).succeeded

    await until(ready)


async def test_a_record_is_kept_closed_and_never_made_up() -> None:
    values: dict[str, Any] = {"deployment.hello.1": {"status": "pending", "version": "1"}}
    async with _datastore(values) as api:
        context = Context(api_url=api, api_token="att_x")
        closed = await _act("update_deployment_status", context, deployment_id="deployment.hello.1", status="success")
        assert closed.result == {"status": "success", "version": "1"} == values["deployment.hello.1"]
        missing = await _act("update_deployment_status", context, deployment_id="deployment.hello.2", status="success")
        assert (missing.error or {})["type"] == "no_record"
        assert "deployment.hello.2" not in values


async def test_a_message_arrives_or_the_action_fails(site: Site) -> None:
    posted = await _act("post_message", url=site.notify_url, channel="#c", message="hi")
    assert posted.succeeded
    assert site.receiver.messages == [{"channel": "#c", "message": "hi"}]
    for _ in range(2):
        again = await _act(
            "post_message", Context(idempotency_key="k"), url=site.notify_url, channel="#c", message="once"
        )
        assert again.succeeded
    assert [message["message"] for message in site.receiver.messages] == ["hi", "once"]
    nobody = await _act("post_message", url="http://127.0.0.1:1/x", channel="#c", message="hi")
    assert (nobody.error or {})["type"] == "notification_error"
