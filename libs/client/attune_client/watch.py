"""Watching an execution to its end: snapshots, taken when the stream says so and from time to time anyway."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from attune_client.errors import ApiError, StreamUnavailable
from attune_client.executions import Executions, Runs
from attune_client.models import Execution, Run, Task
from attune_client.stream import StreamEvent, follow
from attune_client.transport import Transport
from attune_core.model.status import ExecutionStatus

POLL_SECONDS = 0.5
POLL_SECONDS_WITH_STREAM = 2.0
GATHER_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an iteration is, in items."""

    total: int
    succeeded: int
    failed: int
    live: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`tasks` is empty unless the execution is a workflow. `progress` is by task name."""

    execution: Execution
    run: Run | None = None
    tasks: tuple[Task, ...] = ()
    progress: Mapping[str, Progress] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        return is_final(self.execution.get("status", ""))


def is_final(status: str) -> bool:
    try:
        return ExecutionStatus(status).is_final
    except ValueError:
        return False


async def watch(transport: Transport, execution: int) -> AsyncIterator[Snapshot]:
    """Snapshots until the execution is final; the last one is of its final state."""
    listener = _Listener(transport, execution)
    listening = asyncio.create_task(listener.run())
    try:
        while True:
            listener.changed.clear()
            snapshot = await take(transport, execution, listener.progress)
            yield snapshot
            if snapshot.over:
                return
            await listener.wait()
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


async def take(transport: Transport, execution: int, progress: Mapping[str, Progress]) -> Snapshot:
    """The execution as it is now, with the tasks of its run."""
    found = await Executions(transport).get(execution)
    run_id = found.get("workflow_execution")
    if run_id is None:
        return Snapshot(found)
    runs = Runs(transport)
    run, tasks = await asyncio.gather(runs.get(run_id), runs.tasks(run_id))
    return Snapshot(found, run, tuple(tasks), dict(progress))


class _Listener:
    """Hears the stream; knows how long to wait for the next look when there is none."""

    def __init__(self, transport: Transport, execution: int) -> None:
        self._transport = transport
        self._execution = execution
        self._pause = POLL_SECONDS
        self.changed = asyncio.Event()
        self.progress: dict[str, Progress] = {}

    async def run(self) -> None:
        with contextlib.suppress(StreamUnavailable, ApiError):
            async for event in follow(self._transport, self._execution):
                self._pause = POLL_SECONDS_WITH_STREAM
                self._note(event)
                self.changed.set()
        self._pause = POLL_SECONDS

    async def wait(self) -> None:
        """Until something changed or it is time to look, and a moment longer for what comes with it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pause):
                await self.changed.wait()
        await asyncio.sleep(GATHER_SECONDS)

    def _note(self, event: StreamEvent) -> None:
        if event.type != "workflow.task.progress":
            return
        data = event.data
        counts = {name: int(data.get(name, 0)) for name in ("total", "succeeded", "failed", "live")}
        self.progress[str(data.get("task_name", ""))] = Progress(**counts)
