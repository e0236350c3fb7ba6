"""An attempt's secrets: opened for it, given to the action, and in nothing that the worker says."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.http_server import HttpServer, http_server, response
from tests.support.workbench import Workbench, workbench

from attune_common.contracts.execution import ExecutionScheduled
from attune_core.expressions.markers import MASK
from attune_core.expressions.secrets import Secret

CANARY = "canary-\u00fc-0123456789"
JSON = "Content-Type: application/json"


@dataclass
class Bench:
    work: Workbench
    api: HttpServer

    def job(self, runtime: str, entry: str, source: str = "", **more: Any) -> ExecutionScheduled:
        """With `password`, a secret, among its parameters."""
        digest = self.work.pack({f"actions/{entry}": source}) if source else ""
        parameters = {"name": "ada", "password": Secret.of("k").to_json(), **more.pop("parameters", {})}
        return self.work.job(runtime, entry, digest, parameters=parameters, secrets=[["password"]], **more)

    def opens(self, job: ExecutionScheduled, value: Any = CANARY, hide: tuple[str, ...] = (CANARY,)) -> None:
        body = {"values": [{"path": ["password"], "value": value}], "hide": list(hide)}
        self.answers(job, response(200, json.dumps(body).encode(), JSON))

    def answers(self, job: ExecutionScheduled, answer: bytes) -> None:
        self.api.answers[f"/api/v1/executions/{job.execution_id}/secrets"] = answer

    def nothing_leaks(self) -> None:
        said = "".join(message.model_dump_json() for message in self.work.said)
        for form in (CANARY, json.dumps(CANARY)[1:-1], base64.b64encode(CANARY.encode()).decode(), CANARY[:14]):
            assert form not in said


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with http_server() as api, workbench(tmp_path, api_url=api.url) as work:
        yield Bench(work, api)


async def test_the_action_gets_the_value_and_the_token_proves_the_attempt(bench: Bench) -> None:
    job = bench.job("python", "act.py", "def run(name, password):\n    return {'n': name, 'length': len(password)}\n")
    job = job.model_copy(update={"entry_point": "act.py:run"})
    bench.opens(job)
    done = await bench.work.run(job)
    assert (done.error, done.result) == (None, {"n": "ada", "length": len(CANARY)})
    [asked] = bench.api.asked
    assert (asked.method, asked.headers["authorization"]) == ("POST", f"Bearer {job.api_token}")


TELLS = """
import base64, json, os, sys, time
given = json.load(sys.stdin)
secret = given["password"]
print("plain", secret)
print(json.dumps(given))
print(base64.b64encode(("user:" + secret).encode()).decode(), file=sys.stderr)
for part in (secret[:9], secret[9:] + "\\n"):
    sys.stdout.write(part); sys.stdout.flush(); time.sleep(0.05)
print("env:", sorted(os.environ.items()), sys.argv)
print(open("/proc/self/environ").read(), open("/proc/self/cmdline").read())
"""
RESULT = 'os.write(int(os.environ["ATTUNE_RESULT_FD"]), json.dumps({"said": [secret, secret + "!"]}).encode())\n'
FAIL = 'sys.stderr.write("x" * 4000 + secret * 9 + secret[:12]); sys.exit(3)\n'


@pytest.mark.parametrize("ending", [RESULT, FAIL])
async def test_whatever_it_tells_the_secret_is_not_in_it(bench: Bench, ending: str) -> None:
    job = bench.job("python", "act.py", TELLS + ending)
    bench.opens(job)
    done = await bench.work.run(job)
    bench.nothing_leaks()
    assert job.api_token not in str(bench.work.lines(job))
    lines = [line for _, line in bench.work.lines(job)]
    assert f"plain {MASK}" in lines
    assert lines.count(MASK) == 1
    assert done.result == ({"said": [MASK, f"{MASK}!"]} if ending is RESULT else None)
    if done.error is not None:
        assert done.error["stderr"].endswith(MASK)


async def test_a_shell_action_reads_it_from_stdin_and_has_it_in_no_variable(bench: Bench) -> None:
    source = (
        "#!/bin/sh\nread -r all; case $all in *canary*) echo given;; esac\nenv | grep -c canary; env | grep PARAM\n"
    )
    job = bench.job("shell", "act.sh", source)
    bench.opens(job)
    done = await bench.work.run(job)
    assert done.result["stdout"].splitlines() == ["given", "0", "ATTUNE_PARAM_NAME=ada"]
    bench.nothing_leaks()


async def test_native_actions_wait_for_their_secrets_too(bench: Bench) -> None:
    job = bench.job("native", "core.echo")
    bench.opens(job)
    assert (await bench.work.run(job)).result == {"name": "ada", "password": MASK}
    broken = bench.job("native", "core.fail", parameters={"message": "m"})
    bench.opens(broken)
    assert MASK not in str((await bench.work.run(broken)).result)
    bench.nothing_leaks()


@pytest.mark.parametrize("action", ["core.kv_set", "core.emit_event"])
async def test_the_platform_does_not_keep_it_in_the_open(bench: Bench, action: str) -> None:
    name, other = ("value", {"key": "a"}) if action == "core.kv_set" else ("payload", {"trigger": "a.b"})
    parameters = {**other, name: {"password": Secret.of("k").to_json()}}
    job = bench.work.job("native", action, parameters=parameters, secrets=[[name, "password"]])
    body = {"values": [{"path": [name, "password"], "value": CANARY}], "hide": [CANARY]}
    bench.answers(job, response(200, json.dumps(body).encode(), JSON))
    done = await bench.work.run(job)
    assert done.error is not None
    assert (done.error["type"], f"{name}.password" in done.error["message"]) == ("forbidden_secret", True)
    assert [asked.path for asked in bench.api.asked] == [f"/api/v1/executions/{job.execution_id}/secrets"]


async def test_calls_send_it_and_answers_that_repeat_it_are_masked(bench: Bench) -> None:
    url = f"{bench.api.url}/login"
    bench.api.answers["/login"] = response(200, json.dumps({"you_sent": CANARY}).encode(), JSON, "X-Echo: " + "x")
    job = bench.work.job(
        "native", "core.http", parameters={"url": url, "method": "POST", "json": Secret.of("k").to_json()},
        secrets=[["json"]],
    )  # fmt: skip
    body = {"values": [{"path": ["json"], "value": {"pass": CANARY}}], "hide": [CANARY]}
    bench.answers(job, response(200, json.dumps(body).encode(), JSON))
    done = await bench.work.run(job)
    assert json.loads(bench.api.asked[-1].body) == {"pass": CANARY}
    assert done.result["json"] == {"you_sent": MASK}
    bench.nothing_leaks()


async def test_numbers_and_maps_are_hidden_member_by_member(bench: Bench) -> None:
    job = bench.job("native", "core.echo")
    bench.opens(job, {"pin": 471199, "user": "canary-user"}, ("471199", "canary-user"))
    assert (await bench.work.run(job)).result["password"] == {"pin": MASK, "user": MASK}


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "forbidden_secret", "forbidden_secret"),
        (409, "secret_missing", "secret_missing"),
        (401, "x", "not_current"),
    ],
)
async def test_a_refusal_fails_the_attempt_before_it_starts(bench: Bench, status: int, code: str, kind: str) -> None:
    job = bench.job("native", "core.echo")
    bench.answers(job, response(status, json.dumps({"code": code, "detail": "no"}).encode(), JSON))
    done = await bench.work.run(job)
    assert done.error is not None
    assert (done.status, done.error["type"]) == ("failed", kind)


async def test_an_api_that_is_away_for_a_moment_is_waited_for(bench: Bench) -> None:
    job = bench.job("native", "core.echo")
    bench.answers(job, response(503, b"{}", JSON))
    await bench.work.submit(job)
    await bench.work.accepted(job)
    bench.opens(job)
    assert (await bench.work.completion(job)).status == "succeeded"


async def test_an_attempt_that_is_cancelled_meanwhile_ends(bench: Bench) -> None:
    job = bench.job("native", "core.echo")
    bench.answers(job, response(503, b"{}", JSON))
    await bench.work.submit(job)
    await bench.work.accepted(job)
    await bench.work.cancel(job)
    assert (await bench.work.completion(job)).status == "cancelled"
