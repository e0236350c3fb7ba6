"""The services as processes over PostgreSQL and RabbitMQ: killed in the middle of a workflow, it still ends."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from attune_client import AsyncAttune
from attune_client.errors import ApiUnreachable
from attune_common.bus.rabbitmq.bus import RabbitBus
from attune_common.contracts.envelope import Wire
from attune_common.contracts.registry import Exchange
from tests.e2e.conftest import open_folder
from tests.e2e.running import SHORT_LEASES, Services, write
from tests.support import postgres
from tests.support.waiting import patient, until, until_sync

NAMES = ("api", "notifier", "executor-1", "executor-2", "worker-1", "worker-2")
FLOW = """
ref: long.flow
tasks:
  - name: each
    action: long.nap
    with_items: "{{ [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] }}"
    concurrency: 4
    input: {number: "{{ item }}"}
    retry: {count: 5}
    on_success: [left, right]
  - name: left
    action: long.nap
    input: {number: 100}
    on_success: meet
  - name: right
    action: long.nap
    input: {number: 200}
    on_success: meet
  - name: meet
    join: all
    action: core.echo
    input: {message: "{{ task.each.result | length }} {{ task.left.result }} {{ task.right.result }}"}
output_map:
  said: "{{ task.meet.result.message }}"
  numbers: "{{ task.each.result }}"
"""
ASKED = """
ref: long.asked
tasks:
  - {name: ask, action: core.inquiry, input: {prompt: Does anybody listen?}, on_success: nap}
  - {name: nap, action: long.nap, input: {number: 7}}
"""
PACK = {
    "pack.yaml": "ref: long\nlabel: Long\nversion: 1.0.0\n",
    "workflows/flow.yaml": FLOW,
    "workflows/asked.yaml": ASKED,
    "actions/nap.yaml": "ref: long.nap\nlabel: Nap\nruntime: python\nidempotent: true\n"
    "parameters:\n  number: {type: integer, required: true}\n",
    "actions/nap.py": "import time\n\nfrom attune_sdk import action\n\n\n@action\ndef nap(number):\n"
    "    time.sleep(0.6)\n    return number\n",
}


@contextlib.contextmanager
def _running(postgres_server: postgres.Server, amqp_url: str, **more: str) -> Iterator[Services]:
    with open_folder() as folder, postgres_server.database() as database:
        write(folder / "long", PACK)
        services = Services(folder, {"ATTUNE_DATABASE_URL": database, "ATTUNE_AMQP_URL": amqp_url, **more})
        try:
            services.start(*NAMES)
            services.until_ready()
            services.cli.run("pack", "register", str(folder / "long"))
            yield services
        finally:
            services.stop()


@pytest.fixture(scope="module")
def services(postgres_server: postgres.Server, amqp_url: str) -> Iterator[Services]:
    with _running(postgres_server, amqp_url, **SHORT_LEASES) as services:
        yield services


@pytest.fixture
def lasting(postgres_server: postgres.Server, fresh_amqp_url: str) -> Iterator[Services]:
    """Whose leases do not lapse because the machine is busy: nobody takes a worker's work away but the test."""
    with _running(postgres_server, fresh_amqp_url) as services:
        yield services


def _check(services: Services, number: str) -> None:
    try:
        done = services.cli.json("execution", "watch", number)
    except subprocess.TimeoutExpired:
        shown = services.cli.run("execution", "show", number, expect=None).stdout
        logs = "\n".join(f"{name}: {process.text()[-1500:]}" for name, process in services.processes.items())
        raise AssertionError(f"it did not end:\n{shown}\n{logs}") from None
    assert done["status"] == "completed", done
    assert done["result"] == {"said": "12 100 200", "numbers": list(range(1, 13))}


def _begin(services: Services) -> str:
    """Start the workflow; return when some of its items are done and some are not."""
    number = str(services.cli.json("workflow", "run", "long.flow")["id"])

    def some() -> bool:
        tasks = services.cli.json("execution", "show", number).get("tasks", [])
        return any((task.get("items") or {}).get("succeeded", 0) >= 2 for task in tasks)

    until_sync(some, 30, "items are being worked on")
    return number


async def _told(services: Services, execution: int) -> list[str]:
    """What the stream tells of a run that works only when somebody listens."""
    async with AsyncAttune.connect(services.url, services.admin) as attune, asyncio.timeout(patient(60)):
        [asked] = await until(lambda: attune.inquiries.list(status="pending"), 30, "the question")
        seen: list[str] = []
        async for event in attune.follow(execution):
            seen.append(event.type)
            if seen == ["connected"]:
                await attune.inquiries.respond(asked["id"], True)
            if event.type in ("workflow.completed", "workflow.failed"):
                break
    return seen


def test_a_workflow_runs_and_its_events_are_streamed_by_the_notifier(services: Services) -> None:
    number = int(services.cli.json("workflow", "run", "long.asked")["id"])
    seen = asyncio.run(_told(services, number))
    assert "workflow.task.completed" in seen
    assert seen[-1] == "workflow.completed"


def test_workers_killed_in_the_middle(services: Services) -> None:
    number = _begin(services)
    for name in ("worker-1", "worker-2"):
        services.processes[name].kill()
    services.start("worker-1")
    _check(services, number)
    services.start("worker-2")


def test_executors_killed_in_the_middle(services: Services) -> None:
    number = _begin(services)
    for name in ("executor-1", "executor-2"):
        services.processes[name].kill()
    services.start("executor-1", "executor-2")
    _check(services, number)


def test_everything_killed_in_the_middle(services: Services) -> None:
    number = _begin(services)
    for process in services.processes.values():
        process.kill()
    services.start(*NAMES)
    services.until_ready()
    _check(services, number)


def test_everything_stopped_in_the_middle_hands_its_work_back(services: Services, tmp_path: Path) -> None:
    number = _begin(services)
    for name, process in services.processes.items():
        assert process.stop() == 0, (name, process.text()[-2000:])
    services.start(*NAMES)
    services.until_ready()
    _check(services, number)


def test_a_rolling_restart_disturbs_nobody(lasting: Services) -> None:
    """Every process is replaced while runs are started all the time: all complete, and no attempt is made twice."""
    started: list[int] = []
    stopped = threading.Event()

    async def one_after_the_other() -> None:
        async with AsyncAttune.connect(lasting.url, lasting.admin) as attune:
            while not stopped.is_set():
                with contextlib.suppress(ApiUnreachable):
                    number = (await attune.workflows.execute("long.flow"))["id"]
                    started.append(number)
                    async for _ in attune.watch(number):
                        pass

    lines = [threading.Thread(target=lambda: asyncio.run(one_after_the_other())) for _ in range(2)]
    for line in lines:
        line.start()
    try:
        for name in NAMES:
            assert lasting.processes[name].stop() == 0, lasting.processes[name].text()[-2000:]
            lasting.start(name)
            lasting.until_ready()
    finally:
        stopped.set()
        for line in lines:
            line.join()
    for number in started:
        _check(lasting, str(number))
    naps = lasting.cli.json("execution", "list", "--action", "long.nap", "--limit", "200")
    assert {row["id"]: row["attempt"] for row in naps if row["attempt"] != 1} == {}


def test_a_message_that_nobody_can_read_is_found_replayed_and_discarded(services: Services) -> None:
    async def send() -> None:
        bus = RabbitBus(services.servers["ATTUNE_AMQP_URL"])
        await bus.start()
        await bus.publish([Wire(Exchange.EVENTS.value, "execution.requested", b"not json")])
        await bus.stop()

    def letters() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = services.cli.json("dead-letter", "list")
        return found

    asyncio.run(send())
    [letter] = until_sync(letters, 30, "the dead letter")
    shown = services.cli.json("dead-letter", "show", str(letter["id"]))
    assert (shown["queue"], shown["text"]) == ("attune.executor.execution.requested", "not json")
    assert services.cli.json("dead-letter", "replay", str(letter["id"]))["status"] == "replayed"
    [again] = until_sync(letters, 30, "it is refused again")
    assert again["id"] != letter["id"]
    assert services.cli.json("dead-letter", "discard", str(again["id"]))["status"] == "discarded"
    assert letters() == []
    assert services.cli.json("incident", "list", "--status", "all") == []
    services.cli.run("incident", "show", "1", expect=4)
