"""The services as processes over PostgreSQL and RabbitMQ: killed in the middle of a workflow, it still ends."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from attune_client import AsyncAttune
from tests.e2e.conftest import open_folder
from tests.e2e.running import Services, write
from tests.support import postgres
from tests.support.waiting import until_sync

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
PACK = {
    "pack.yaml": "ref: long\nlabel: Long\nversion: 1.0.0\n",
    "workflows/flow.yaml": FLOW,
    "actions/nap.yaml": "ref: long.nap\nlabel: Nap\nruntime: python\nidempotent: true\n"
    "parameters:\n  number: {type: integer, required: true}\n",
    "actions/nap.py": "import time\n\nfrom attune_sdk import action\n\n\n@action\ndef nap(number):\n"
    "    time.sleep(0.6)\n    return number\n",
}


@pytest.fixture(scope="module")
def services(postgres_server: postgres.Server, amqp_url: str) -> Iterator[Services]:
    with open_folder() as folder, postgres_server.database() as database:
        write(folder / "long", PACK)
        services = Services(folder, {"ATTUNE_DATABASE_URL": database, "ATTUNE_AMQP_URL": amqp_url})
        try:
            services.start(*NAMES)
            services.until_ready()
            services.cli.run("pack", "register", str(folder / "long"))
            yield services
        finally:
            services.stop()


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


def test_a_workflow_runs_and_its_events_are_streamed_by_the_notifier(services: Services) -> None:
    async def first_events(execution: int) -> list[str]:
        async with AsyncAttune.connect(services.url, services.admin) as attune, asyncio.timeout(30):
            seen = []
            async for event in attune.follow(execution):
                seen.append(event.type)
                if event.type in ("workflow.completed", "workflow.failed"):
                    return seen
        return []

    number = _begin(services)
    seen = asyncio.run(first_events(int(number)))
    assert seen[0] == "connected"
    assert "workflow.task.completed" in seen
    assert seen[-1] == "workflow.completed"
    _check(services, number)


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
