"""Watching an execution to its end: snapshots, taken when the stream says so and from time to time anyway."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from attune_client.errors import ApiError, StreamUnavailable
from attune_client.executions import Executions, Runs
from attune_client.models import Execution, Run, Task
from attune_client.stream import follow
from attune_client.transport import Transport
from attune_core.model.status import ExecutionStatus

POLL_SECONDS = 0.5
POLL_SECONDS_WITH_STREAM = 2.0
GATHER_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`tasks` is empty unless the execution is a workflow. `children`: run of a subworkflow -> its tasks."""

    execution: Execution
    run: Run | None = None
    tasks: tuple[Task, ...] = ()
    children: Mapping[int, tuple[Task, ...]] = field(default_factory=dict)

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
            snapshot = await take(transport, execution)
            yield snapshot
            if snapshot.over:
                return
            await listener.wait()
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


async def take(transport: Transport, execution: int) -> Snapshot:
    """The execution as it is now, with the tasks of its run and of the subworkflows in it."""
    found = await Executions(transport).get(execution)
    run_id = found.get("workflow_execution")
    if run_id is None:
        return Snapshot(found)
    runs = Runs(transport)
    run, tasks = await asyncio.gather(runs.get(run_id), runs.tasks(run_id))
    return Snapshot(found, run, tuple(tasks), await _children(runs, tasks))


async def _children(runs: Runs, tasks: Sequence[Task]) -> dict[int, tuple[Task, ...]]:
    """The tasks of every subworkflow, those inside subworkflows too."""
    known: dict[int, tuple[Task, ...]] = {}
    level = list(tasks)
    while wanted := [run for task in level if (run := task.get("child_workflow_execution")) and run not in known]:
        found = await asyncio.gather(*(runs.tasks(run) for run in wanted))
        known.update(zip(wanted, map(tuple, found), strict=True))
        level = [task for tasks_of_one in found for task in tasks_of_one]
    return known


class _Listener:
    """Hears the stream; knows how long to wait for the next look when there is none."""

    def __init__(self, transport: Transport, execution: int) -> None:
        self._transport = transport
        self._execution = execution
        self._pause = POLL_SECONDS
        self.changed = asyncio.Event()

    async def run(self) -> None:
        with contextlib.suppress(StreamUnavailable, ApiError):
            async for _ in follow(self._transport, self._execution):
                self._pause = POLL_SECONDS_WITH_STREAM
                self.changed.set()
        self._pause = POLL_SECONDS

    async def wait(self) -> None:
        """Until something changed or it is time to look, and a moment longer for what comes with it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pause):
                await self.changed.wait()
        await asyncio.sleep(GATHER_SECONDS)
