"""A worker to try actions on: a bus, packs out of texts, and every message that the worker sends."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from tests.support.waiting import until

from attune_common.bus.bus import Bus, Delivery, Subscription
from attune_common.bus.factory import build_bus
from attune_common.contracts.base import Message
from attune_common.contracts.envelope import pack
from attune_common.contracts.execution import (
    ExecutionAccepted,
    ExecutionCancel,
    ExecutionCompleted,
    ExecutionLog,
    ExecutionScheduled,
    JobLimits,
)
from attune_common.contracts.registry import Exchange
from attune_common.runtime.settings import Settings
from attune_worker.app import Worker

M = TypeVar("M", bound=Message)


class Workbench:
    """`said` holds every message of the worker in the order of arrival."""

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self.bus, self.settings = bus, settings
        self.worker = Worker(bus, settings)
        self.said: list[Message] = []
        self._numbers = itertools.count(1)

    async def listen(self) -> None:
        keys = ("execution.accepted", "execution.completed", "execution.log", "worker.heartbeat")
        subscription = Subscription("test.ear", tuple((Exchange.EVENTS, key) for key in keys), durable=False)
        await self.bus.consume(subscription, self._hear)

    async def _hear(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            self.said.extend(delivery.messages)

    def pack(self, files: Mapping[str, str | bytes], digest: str = "") -> str:
        """Put a pack's files where the worker keeps those it has fetched; the digest."""
        name = digest or f"{next(self._numbers):064x}"
        for path, content in files.items():
            place = self.settings.data_dir / "worker" / "packs" / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    def job(self, runtime: str, entry_point: str = "", digest: str = "", **more: Any) -> ExecutionScheduled:
        """`timeout` and `grace` go into the limits; what is not given is filled in."""
        number = next(self._numbers)
        limits = {name: more.pop(name) for name in ("timeout", "grace", "memory", "output") if name in more}
        given = {"execution_id": number, "attempt": 1, "token": f"token-{number}", "action_ref": "test.act"}
        return ExecutionScheduled(
            **{**given, "pack_ref": "test", "pack_digest": digest, "runtime": runtime, **more},
            entry_point=entry_point,
            limits=JobLimits(**limits),
        )

    async def submit(self, *jobs: ExecutionScheduled, pool: str = "default") -> None:
        """All of them in as few wire messages as the executor would use."""
        await self.bus.publish(pack([(job, pool) for job in jobs], "attune/test"))

    async def cancel(self, job: ExecutionScheduled) -> None:
        message = ExecutionCancel(execution_id=job.execution_id, token=job.token)
        await self.bus.publish(pack([(message, "")], "attune/test"))

    async def run(self, job: ExecutionScheduled, within: float = 20.0) -> ExecutionCompleted:
        await self.submit(job)
        return await self.completion(job, within)

    async def python(self, source: str, parameters: dict[str, Any] | None = None, **more: Any) -> ExecutionCompleted:
        digest = self.pack({"actions/act.py": source})
        return await self.run(self.job("python", "act.py", digest, parameters=parameters or {}, **more))

    async def shell(self, source: str, parameters: dict[str, Any] | None = None, **more: Any) -> ExecutionCompleted:
        digest = self.pack({"actions/act.sh": source})
        return await self.run(self.job("shell", "act.sh", digest, parameters=parameters or {}, **more))

    async def completion(self, job: ExecutionScheduled, within: float = 20.0) -> ExecutionCompleted:
        await until(lambda: bool(self.completions(job)), within)
        return self.completions(job)[0]

    async def accepted(self, job: ExecutionScheduled) -> ExecutionAccepted:
        await until(lambda: bool(self._about(job, ExecutionAccepted)), 20)
        return self._about(job, ExecutionAccepted)[0]

    def completions(self, job: ExecutionScheduled) -> list[ExecutionCompleted]:
        return self._about(job, ExecutionCompleted)

    def lines(self, job: ExecutionScheduled | None = None) -> list[tuple[str, str]]:
        """(stream, line) of a job, or of all."""
        batches = self.heard(ExecutionLog) if job is None else self._about(job, ExecutionLog)
        return [(line.stream, line.line) for batch in batches for line in batch.lines]

    def heard(self, kind: type[M]) -> list[M]:
        return [message for message in self.said if isinstance(message, kind)]

    def _about(self, job: ExecutionScheduled, kind: type[M]) -> list[M]:
        return [message for message in self.heard(kind) if getattr(message, "token", "") == job.token]


@contextlib.asynccontextmanager
async def workbench(folder: Path, **settings: Any) -> AsyncIterator[Workbench]:
    """A started worker that is stopped without grace in the end. `amqp_url` may name a real broker."""
    given = {"data_dir": folder, "amqp_url": "memory://", "worker_slots": 8, "worker_name": "bench", "egress": "any"}
    chosen = Settings(**{**given, **settings})
    bus = build_bus(chosen)
    bench = Workbench(bus, chosen)
    await bus.start()
    await bench.listen()
    await bench.worker.start()
    try:
        yield bench
    finally:
        await bench.worker.stop(0)
        await bus.stop()
