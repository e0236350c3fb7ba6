"""Secrets travel through the whole system, and afterwards are looked for everywhere. They are found sealed or not.

A plain text goes the same way: it has to be found, or the search is no search.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from attune_client import AsyncAttune
from attune_common.vault.keyring import new_key, put_first
from tests.e2e.canary import ProcessWatch, Tap, dump, forms, found_in
from tests.e2e.conftest import open_folder
from tests.e2e.running import Services, write
from tests.support import postgres
from tests.support.waiting import until_sync

TELL = """
import base64, hashlib, json, os, sys, time, urllib.parse
given = json.load(sys.stdin)
kept, config, typed = given["kept"], given["config"], given["typed"]
for secret in (kept, config, typed):
    print("the secret is", secret, flush=True)
    print(json.dumps({"password": secret}), base64.b64encode(("user:" + secret).encode()).decode(), file=sys.stderr)
    print("https://user:" + urllib.parse.quote(secret, safe="") + "@host/", secret.encode().hex())
    sys.stdout.write(secret[:7]); sys.stdout.flush(); time.sleep(0.2); sys.stdout.write(secret[7:] + "\\n")
print(given["plain"], dict(os.environ), sys.argv)
digest = hashlib.sha256("".join((kept, config, typed)).encode()).hexdigest()
if given.get("fail"):
    told = {"error": {"type": "bad_login", "message": "cannot log in with " + kept, "tried": [config, typed]}}
    os.write(int(os.environ["ATTUNE_RESULT_FD"]), json.dumps(told).encode())
    sys.exit(1)
print(json.dumps({"digest": digest}), file=os.fdopen(int(os.environ["ATTUNE_RESULT_FD"]), "w"))
"""
FLOW = """
ref: leak.flow
parameters:
  typed: {type: string, secret: true}
  config: {type: string, secret: true}
  plain: {type: string}
tasks:
  - name: tell
    action: leak.tell
    input:
      kept: "{{ kv.get_secret('leak.password') }}"
      config: "{{ parameters.config }}"
      typed: "{{ parameters.typed }}"
      plain: "{{ parameters.plain }}"
    on_success: stumble
  - name: stumble
    action: leak.tell
    input: {kept: "{{ kv.get_secret('leak.password') }}", config: "{{ parameters.config }}",
            typed: "{{ parameters.typed }}", plain: "{{ parameters.plain }}", fail: true}
    on_failure: echo
  - name: echo
    action: core.echo
    input: {message: "Bearer {{ kv.get_secret('leak.password') }}", typed: "{{ parameters.typed }}"}
    on_success: call
  - name: call
    action: core.http
    input: {url: "{{ parameters.plain ~ '?q=' ~ kv.get_secret('leak.password') }}", timeout: 2}
    on_failure: rest
  - name: rest
    action: core.noop
output_map:
  digest: "{{ task.tell.result.digest }}"
  failure: "{{ task.stumble.error }}"
  echo: "{{ task.echo.result }}"
"""
PACK = {
    "pack.yaml": "ref: leak\nlabel: Leak\nversion: 1.0.0\nconfig:\n  token: {type: string, secret: true}\n",
    "workflows/flow.yaml": FLOW,
    "actions/tell.yaml": "ref: leak.tell\nlabel: Tell\nruntime: python\nparameters:\n"
    + "".join(f"  {name}: {{type: string}}\n" for name in ("kept", "plain"))
    + "".join(f"  {name}: {{type: string, secret: true}}\n" for name in ("config", "typed"))
    + "  fail: {type: boolean, default: false}\n",
    "actions/tell.py": TELL,
    "triggers/hook.yaml": "ref: leak.hook\nlabel: Hook\nkind: webhook\nwebhook: {secret_key: hook, key: leak}\n"
    "payload:\n  plain: {type: string}\n  code: {type: string, secret: true}\n",
    "rules/on_hook.yaml": "ref: leak.on_hook\nlabel: On hook\ntrigger: leak.hook\naction: leak.flow\nparameters:\n"
    '  plain: "{{ event.payload.plain }}"\n  config: "{{ pack.config.token }}"\n'
    '  typed: "{{ event.payload.code }}-typed"\n',
}


@dataclass
class Canaries:
    kept: str
    config: str
    hook: str
    code: str
    plain: str

    @property
    def digest(self) -> str:
        """What only an action that really had them can compute."""
        return hashlib.sha256("".join((self.kept, self.config, f"{self.code}-typed")).encode()).hexdigest()

    @property
    def wanted(self) -> list[str]:
        return [*forms(self.kept), *forms(self.config), *forms(self.hook), *forms(self.code)]


@pytest.fixture(scope="module")
def canaries() -> Canaries:
    kept, config, hook, code = (f"canary/{secrets.token_hex(12)}+&ü" for _ in range(4))
    return Canaries(kept, config, hook, code, f"http://127.0.0.1:1/plain{secrets.token_hex(8)}")


@pytest.fixture(scope="module")
def database(postgres_server: postgres.Server) -> Iterator[str]:
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="module")
def services(database: str, amqp_url: str, canaries: Canaries) -> Iterator[Services]:
    with open_folder() as folder:
        put_first(folder / "keys", new_key())
        write(folder / "leak", PACK)
        servers = {"ATTUNE_DATABASE_URL": database, "ATTUNE_AMQP_URL": amqp_url, "ATTUNE_LOG_LEVEL": "debug"}
        services = Services(folder, {**servers, "ATTUNE_MASTER_KEY_FILE": str(folder / "keys")})
        try:
            services.start("api", "notifier", "executor-1", "worker-1")
            services.until_ready()
            yield services
        finally:
            services.stop()


def _prepare(services: Services, canaries: Canaries) -> None:
    services.cli.run("pack", "register", str(services.folder / "leak"))
    for key, value in {"leak.password": canaries.kept, "pack:leak/hook": canaries.hook}.items():
        secret = write(services.folder, {"secret": value}) / "secret"
        services.cli.run("secret", "set", key, "--file", str(secret))
        secret.unlink()

    async def configure() -> None:
        async with AsyncAttune.connect(services.url, services.admin) as attune:
            body = {"config": {"token": canaries.config}}
            await attune.transport.send("PUT", "/packs/leak/config", json=body)

    asyncio.run(configure())


def _fire(services: Services, canaries: Canaries) -> str:
    """The number of the workflow's execution that the webhook has started."""

    async def send() -> None:
        async with AsyncAttune.connect(services.url) as attune:
            told = {"plain": canaries.plain, "code": canaries.code}
            await attune.automation.send_webhook("leak", told, canaries.hook)

    asyncio.run(send())

    def started() -> str:
        found = services.cli.json("execution", "list", "--action", "leak.flow")
        return str(found[0]["id"]) if found else ""

    return until_sync(started, 30, "the rule to start the workflow")


def _everything_shown(services: Services, number: str) -> str:
    """What people can see of it, by the command line and by the API."""
    cli = services.cli
    shown = [cli.run("execution", word, number).stdout for word in ("show", "history", "explain", "graph")]
    shown += [cli.run("audit", "export").stdout, cli.run("secret", "list").stdout]
    return "\n".join([*shown, asyncio.run(_all_answers(services))])


async def _all_answers(services: Services) -> str:
    async with AsyncAttune.connect(services.url, services.admin) as attune:
        paths = [f"/{noun}" for noun in ("events", "enforcements", "rules", "secrets", "kv", "workflow-executions")]
        paths += ["/packs/leak", "/workflows/leak.flow", "/triggers/leak.hook"]
        for execution in (await attune.transport.get("/executions", {"limit": 200}))["items"]:
            paths += [f"/executions/{execution['id']}", f"/executions/{execution['id']}/logs"]
        answers = [json.dumps(await attune.transport.get(path), ensure_ascii=False) for path in paths]
        metrics = await attune.transport.http.get("/metrics")
    return "\n".join([*answers, metrics.text])


def test_a_secret_is_nowhere_but_sealed(services: Services, database: str, amqp_url: str, canaries: Canaries) -> None:
    with Tap(amqp_url) as tap, ProcessWatch(canaries.wanted) as watch:
        _prepare(services, canaries)
        number = _fire(services, canaries)
        watched = services.cli.run("execution", "watch", number, expect=None).stdout
        done = services.cli.json("execution", "show", number)
        shown = watched + _everything_shown(services, number) + json.dumps(done)
    assert done["status"] == "completed", shown
    assert done["result"]["digest"] == canaries.digest, done
    assert done["result"]["failure"]["message"] == "cannot log in with ********"
    assert watch.seen, "no process of an action was seen"
    logs = {name: Path(process.log).read_text(errors="replace") for name, process in services.processes.items()}
    places = {**asyncio.run(dump(database)), **logs, "messages": tap.text, "shown": shown}
    places["processes"] = str(watch.found)
    leaks = {place: found for place, text in places.items() if (found := found_in(text, canaries.wanted))}
    assert leaks == {}
    for place in ("attune.event", "attune.execution", "attune.execution_log", "messages", "shown"):
        assert canaries.plain in places[place], f"the search finds nothing in {place}"
    assert "leak.password" in places["attune.secret"]


def test_the_trail_tells_who_used_it(services: Services) -> None:
    rows = services.cli.json("audit", "list", "--action", "secret.read")
    assert {row["outcome"] for row in rows} == {"done"}
    assert any("leak.password" in row["subject"] for row in rows)
    assert services.cli.json("audit", "verify")["ok"]
