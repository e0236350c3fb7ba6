"""A worker that does what the test says: it takes jobs from the queue and reports their ends over the bus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.support.waiting import until

from attune_common.bus import topology
from attune_common.bus.bus import Bus, Consumer, Delivery
from attune_common.contracts.base import Message
from attune_common.contracts.envelope import pack
from attune_common.contracts.execution import ExecutionAccepted, ExecutionCompleted, ExecutionScheduled
from attune_common.runtime.clock import utcnow


@dataclass(frozen=True, slots=True)
class Reply:
    """How an attempt ends; `error` is the message of its error."""

    status: str = "succeeded"
    result: Any = None
    error: str = ""


Script = Callable[[ExecutionScheduled], Reply | None]
"""None: the worker keeps silent about this job."""


def echo(job: ExecutionScheduled) -> Reply:
    """Succeeds with its parameters."""
    return Reply(result=dict(job.parameters))


class FakeWorker:
    def __init__(self, bus: Bus, script: Script = echo, pool: str = "default") -> None:
        self.jobs: list[ExecutionScheduled] = []
        self.script = script
        self.copies = 1
        self._bus, self._pool = bus, pool
        self._consumer: Consumer | None = None

    async def start(self) -> None:
        self._consumer = await self._bus.consume(topology.worker(self._pool, 200), self._take)

    async def stop(self) -> None:
        if self._consumer is not None:
            await self._consumer.stop()

    async def _take(self, deliveries: list[Delivery]) -> None:
        jobs = [job for one in deliveries for job in one.messages if isinstance(job, ExecutionScheduled)]
        self.jobs.extend(jobs)
        replies = [(job, reply) for job in jobs if (reply := self.script(job)) is not None]
        messages: list[Message] = [completion(job, reply) for job, reply in replies]
        await self.say(messages * self.copies)

    async def say(self, messages: Sequence[Message]) -> None:
        await self._bus.publish(pack([(message, "") for message in messages], "attune/fake-worker"))

    async def reply(self, job: ExecutionScheduled, reply: Reply) -> None:
        await self.say([completion(job, reply)])

    async def accept(self, job: ExecutionScheduled, *, begins_now: bool = False) -> None:
        accepted = ExecutionAccepted(
            execution_id=job.execution_id,
            attempt=job.attempt,
            token=job.token,
            worker="fake",
            started_at=utcnow(),
            begins_now=begins_now,
        )
        await self.say([accepted])

    async def got(self, count: int, deadline: float = 10) -> list[ExecutionScheduled]:
        """All jobs so far, once there are `count`."""
        await until(lambda: len(self.jobs) >= count, deadline, f"{count} jobs")
        return self.jobs


def completion(job: ExecutionScheduled, reply: Reply) -> ExecutionCompleted:
    now = utcnow()
    error = {"type": reply.status, "message": reply.error or reply.status}
    return ExecutionCompleted(
        execution_id=job.execution_id,
        attempt=job.attempt,
        token=job.token,
        status=reply.status,  # type: ignore[arg-type]
        result=reply.result,
        error=None if reply.status == "succeeded" else error,
        started_at=now - timedelta(milliseconds=5),
        completed_at=now,
        worker="fake",
        workflow_execution_id=job.workflow_execution_id,
    )
