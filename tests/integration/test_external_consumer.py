"""Another system's consumer, the very script of the documentation, sees what Attune publishes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.waiting import until

from attune_common.bus.rabbitmq.bus import RabbitBus
from attune_common.contracts.base import Message
from attune_common.contracts.envelope import pack
from attune_common.contracts.execution import ExecutionScheduled
from attune_common.contracts.workflow import (
    TaskCompleted,
    TaskFailed,
    TaskResult,
    TaskScheduled,
    WorkflowCompleted,
    WorkflowFailed,
    WorkflowStarted,
)

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "examples" / "listen.py"
STARTED = WorkflowStarted(execution_id=1, workflow_id=3, workflow_execution_id=2, workflow_ref="deploy.app")
SCHEDULED = TaskScheduled(workflow_execution_id=2, task_name="build", execution_id=4)
COMPLETED = TaskCompleted(
    workflow_execution_id=2, task_name="build", result=TaskResult(status="succeeded", result={"ok": True})
)
FAILED = TaskFailed(workflow_execution_id=2, task_name="check", error="no answer")
ENDED = WorkflowFailed(
    execution_id=1, error="check failed", status="failed", workflow_execution_id=2, workflow_ref="deploy.app"
)
OTHER = WorkflowCompleted(execution_id=9, result=1, workflow_execution_id=8, workflow_ref="other.flow")
JOB = ExecutionScheduled(
    execution_id=4, attempt=1, token="t", action_ref="core.noop", pack_ref="core", pack_digest="", runtime="native"
)


@pytest.fixture
async def bus(amqp_url: str) -> AsyncIterator[RabbitBus]:
    bus = RabbitBus(amqp_url, "attune test")
    await bus.start()
    await until(lambda: bus.healthy, 20, "a healthy bus")
    try:
        yield bus
    finally:
        await bus.stop()


@contextlib.asynccontextmanager
async def listener(*arguments: str) -> AsyncIterator[Process]:
    """The script in a process that knows nothing of this project but aio-pika; it listens when this is entered."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(SCRIPT), *arguments, stdout=PIPE, stderr=PIPE, env=environment
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(30):
            assert await process.stderr.readline() == b"listening\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def lines(process: Process, count: int) -> list[dict[str, Any]]:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        return [json.loads(await process.stdout.readline()) for _ in range(count)]


async def publish(bus: RabbitBus, *messages: Message, pool: str = "") -> None:
    await bus.publish(pack([(message, pool) for message in messages], "attune/executor"))


def test_the_script_imports_nothing_of_ours() -> None:
    assert "import attune" not in SCRIPT.read_text()
    assert "from attune" not in SCRIPT.read_text()


async def test_another_system_sees_the_whole_story_of_a_workflow(bus: RabbitBus, amqp_url: str) -> None:
    async with listener(amqp_url, "workflow.#", "--count", "6") as process:
        await publish(bus, STARTED, SCHEDULED, COMPLETED, FAILED, ENDED, OTHER)
        seen = await lines(process, 6)
        async with asyncio.timeout(20):
            assert await process.wait() == 0
    assert {event["type"] for event in seen} == {
        "workflow.started",
        "workflow.task.scheduled",
        "workflow.task.completed",
        "workflow.task.failed",
        "workflow.failed",
        "workflow.completed",
    }
    by_type = {event["type"]: event["data"] for event in seen}
    assert by_type["workflow.started"] == STARTED.model_dump()
    assert by_type["workflow.task.completed"] == COMPLETED.model_dump()
    assert by_type["workflow.failed"]["error"] == "check failed"
    assert len({event["id"] for event in seen}) == 6


async def test_it_gets_only_what_it_asked_for_and_jobs_too(bus: RabbitBus, amqp_url: str) -> None:
    async with listener(amqp_url, "workflow.*", "execution.scheduled.*") as process:
        await publish(bus, SCHEDULED, COMPLETED)
        await publish(bus, JOB, pool="default")
        await publish(bus, STARTED)
        assert [event["type"] for event in await lines(process, 2)] == ["execution.scheduled", "workflow.started"]


async def test_a_durable_queue_of_its_own_keeps_what_comes_meanwhile(bus: RabbitBus, amqp_url: str) -> None:
    async with listener(amqp_url, "workflow.started", "--queue", "audit.attune"):
        pass
    await publish(bus, STARTED)
    async with listener(amqp_url, "workflow.started", "--queue", "audit.attune", "--count", "1") as process:
        assert [event["data"]["execution_id"] for event in await lines(process, 1)] == [1]
