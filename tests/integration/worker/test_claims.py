"""What must not run twice is begun when the API says so, and by nobody else."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.http_server import Asked, HttpServer, http_server, response
from tests.support.waiting import until
from tests.support.workbench import Workbench, workbench

from attune_common.contracts.execution import ExecutionCompleted, ExecutionScheduled
from attune_worker import claims

PATH = "/api/v1/workers/claims"
JSON = "Content-Type: application/json"


@dataclass
class Bench:
    work: Workbench
    api: HttpServer
    mark: Path

    def job(self) -> ExecutionScheduled:
        """Leaves a line in `mark` whenever it runs."""
        source = f"#!/bin/sh\necho ran >> {self.mark}\necho '{{\"n\": 1}}'\n"
        digest = self.work.pack({"actions/act.sh": source})
        return self.work.job("shell", "act.sh", digest).model_copy(update={"claim": True})

    def answer(self, *tokens: str, status: int = 200) -> None:
        self.api.answers[PATH] = response(status, json.dumps({"tokens": list(tokens)}).encode(), JSON)

    @property
    def runs(self) -> int:
        return len(self.mark.read_text().splitlines()) if self.mark.exists() else 0

    @property
    def completions(self) -> list[ExecutionCompleted]:
        return self.work.heard(ExecutionCompleted)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with http_server() as api, workbench(tmp_path, api_url=api.url) as work:
        yield Bench(work, api, tmp_path / "mark")


async def test_it_begins_when_it_may_and_reports_under_its_claim(bench: Bench) -> None:
    job = bench.job()
    bench.answer(job.token)
    done = await bench.work.run(job)
    assert (done.status, bench.runs) == ("succeeded", 1)
    [asked] = bench.api.asked
    [claim] = json.loads(asked.body)["claims"]
    assert (claim["execution_id"], claim["token"], claim["claim"]) == (job.execution_id, job.token, done.claim)


async def test_what_another_has_begun_is_let_go_without_a_word(bench: Bench) -> None:
    job, after = bench.job(), bench.job()
    bench.answer(after.token)
    await bench.work.submit(job)
    done = await bench.work.run(after)
    assert (done.token, bench.runs) == (after.token, 1)
    assert [message.token for message in bench.completions] == [after.token]


async def test_an_api_that_is_away_is_asked_again(bench: Bench) -> None:
    job = bench.job()
    bench.answer(status=503)
    await bench.work.submit(job)
    await until(lambda: len(bench.api.asked) > 2, 20, "it asks again")
    bench.answer(job.token)
    await until(lambda: bool(bench.completions), 20, "it runs")
    assert bench.runs == 1
    names = {json.loads(asked.body)["claims"][0]["claim"] for asked in bench.api.asked}
    assert len(names) == 1


async def test_an_api_that_is_slow_to_answer_gets_more_time_with_each_try(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "_LONGEST_CALL", 3_600.0)
    monkeypatch.setattr(bench.work.worker._claims, "_patience", 0.1)
    job = bench.job()

    async def slowly(asked: Asked, writer: asyncio.StreamWriter) -> None:
        began = time.monotonic()
        await until(lambda: time.monotonic() - began > 1.0)
        writer.write(response(200, json.dumps({"tokens": [job.token]}).encode(), JSON))

    bench.api.answers[PATH] = slowly
    done = await bench.work.run(job)
    assert (done.status, bench.runs) == ("succeeded", 1)
    assert len(bench.api.asked) > 1


async def test_what_is_stopped_before_it_may_begin_says_that_it_has_not(bench: Bench) -> None:
    job = bench.job()
    bench.answer(status=503)
    await bench.work.submit(job)
    await until(lambda: bool(bench.api.asked), 20, "it asks")
    await bench.work.cancel(job)
    await until(lambda: bool(bench.completions), 20, "it is cancelled")
    assert (bench.completions[0].status, bench.runs) == ("cancelled", 0)
