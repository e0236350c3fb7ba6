"""Users of the broker with the permissions of docs/operations/permissions.md do their work, and nothing else."""

from __future__ import annotations

import re
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import pytest
from tests.support.waiting import until

from attune_common.bus import topology
from attune_common.bus.bus import Delivery, Subscription
from attune_common.bus.rabbitmq.bus import RabbitBus
from attune_common.bus.rabbitmq.intake import Intake
from attune_common.contracts.envelope import pack
from attune_common.contracts.event import EventCreated
from attune_common.contracts.execution import ExecutionCancel

PAGE = Path(__file__).parents[2] / "docs/operations/permissions.md"
_LINE = re.compile(r"^rabbitmqctl set_permissions -p attune (\w+) '(.*?)' '(.*?)' '(.*?)'$", re.MULTILINE)
PERMISSIONS = {found[0]: found[1:] for found in _LINE.findall(PAGE.read_text())}


def control(*arguments: str) -> None:
    subprocess.run(["rabbitmqctl", "--quiet", *arguments], check=True, capture_output=True)


@pytest.fixture
def amqp_url() -> Iterator[str]:
    """A virtual host of the node that `rabbitmqctl` speaks to; without one that runs there is nothing to test."""
    name = f"attune-{uuid.uuid4().hex[:12]}"
    try:
        control("add_vhost", name)
        control("set_permissions", "-p", name, "guest", ".*", ".*", ".*")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no RabbitMQ runs here that rabbitmqctl speaks to")
    yield f"amqp://guest:guest@127.0.0.1:5672/{name}"
    control("delete_vhost", name)


@asynccontextmanager
async def user(amqp_url: str, kind: str) -> AsyncIterator[RabbitBus]:
    parts, name = urlsplit(amqp_url), f"{kind}-{uuid.uuid4().hex[:8]}"
    control("add_user", name, "secret")
    control("set_permissions", "-p", unquote(parts.path[1:]), name, *PERMISSIONS[kind])
    bus = RabbitBus(urlunsplit(parts._replace(netloc=f"{name}:secret@{parts.hostname}:{parts.port or 5672}")), kind)
    await bus.start()
    try:
        await until(lambda: bus.healthy, 20)
        yield bus
    finally:
        await bus.stop()
        control("delete_user", name)


WORK = {
    "notifier": (topology.LIVE, EventCreated(event_id=1, trigger_ref="t.t")),
    "worker": (topology.control("w"), ExecutionCancel(execution_id=1, token="t")),
    "executor": (topology.executor("event.created"), EventCreated(event_id=1, trigger_ref="t.t")),
}


@pytest.mark.parametrize("kind", sorted(WORK))
async def test_they_do_their_work_and_nothing_else(amqp_url: str, kind: str) -> None:
    assert set(PERMISSIONS) == {"executor", "api", "worker", "notifier"}
    wanted, message = WORK[kind]
    got: list[Delivery] = []

    async def take(deliveries: list[Delivery]) -> None:
        got.extend(deliveries)

    admin = RabbitBus(amqp_url, "admin")
    await admin.start()
    try:
        async with user(amqp_url, kind) as bus:
            assert await attached(bus, wanted, take)
            await admin.publish(pack([(message, "")], "attune/test"))
            await until(lambda: got)
            others = await attached(bus, topology.executor("execution.completed"), take)
            assert others is (kind == "executor")
    finally:
        await admin.stop()


async def attached(bus: RabbitBus, subscription: Subscription, take: object) -> bool:
    intake = await bus.consume(subscription, take)  # type: ignore[arg-type]
    assert isinstance(intake, Intake)
    return intake.attached
