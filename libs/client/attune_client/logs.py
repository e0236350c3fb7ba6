"""Following what an execution writes, to its end: by the live stream, and by looking where there is none.

Lines are numbered within their attempt. So it is known what is missing, nothing is read twice however long a log is,
and each line is given once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import cast

from attune_client.errors import ApiError, StreamUnavailable
from attune_client.executions import Executions
from attune_client.models import LogEntry
from attune_client.stream import StreamEvent, follow
from attune_client.transport import Transport
from attune_client.watch import is_final

LOOK_SECONDS = 1.0
LOOK_SECONDS_WITH_STREAM = 5.0
SETTLE_SECONDS = 0.5
MOST_SETTLING = 20
MOST_SORTED = 10_000
"""Lines that wait for each other to be put in the order of time."""

_MOST_BEHIND = 50
"""Attempts that are read one by one; of more the whole log is read once more."""

_TYPES = "execution.log,execution.status"

Lines = list[LogEntry]


async def follow_logs(transport: Transport, execution: int, *, tail: int | None = None) -> AsyncIterator[LogEntry]:
    """Its lines and, of a workflow, those of its tasks, until it has ended and all of them are read.

    `tail`: of what is stored already the last so many. Errors: ApiError.
    """
    follower = _Follower(transport, execution)
    listening = asyncio.create_task(follower.listen())
    try:
        async for line in in_time(follower.whole() if tail is None else follower.end(tail)):
            yield line
        while not await follower.over():
            for line in await follower.heard():
                yield line
        async for line in follower.rest():
            yield line
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


async def in_time(portions: AsyncIterator[Lines]) -> AsyncIterator[LogEntry]:
    """In the order of time, as long as that needs not too many at once; then in the order in which they come."""
    waiting: Lines = []
    async for portion in portions:
        waiting += portion
        if len(waiting) > MOST_SORTED:
            for line in waiting:
                yield line
            waiting = []
    for line in _sorted(waiting):
        yield line


@dataclass(slots=True)
class _Given:
    """Which lines of an attempt were given: all up to `whole`, and those `ahead` of a gap."""

    whole: int = 0
    ahead: set[int] = field(default_factory=set)

    def take(self, seq: int) -> bool:
        """False for one that was given already."""
        if seq <= self.whole or seq in self.ahead:
            return False
        self.ahead.add(seq)
        while self.whole + 1 in self.ahead:
            self.whole += 1
            self.ahead.remove(self.whole)
        return True


class _Follower:
    def __init__(self, transport: Transport, execution: int) -> None:
        self._transport, self._execution = transport, execution
        self._executions = Executions(transport)
        self._given: dict[tuple[int, int], _Given] = {}
        self._places: dict[int, tuple[str | None, int | None]] = {}
        self._events: asyncio.Queue[StreamEvent] = asyncio.Queue()
        self._look = LOOK_SECONDS

    async def listen(self) -> None:
        """Until cancelled, or until it is clear that there is no stream."""
        with contextlib.suppress(StreamUnavailable, ApiError):
            async for event in follow(self._transport, self._execution, type=_TYPES):
                self._look = LOOK_SECONDS_WITH_STREAM
                self._events.put_nowait(event)
        self._look = LOOK_SECONDS

    async def whole(self) -> AsyncIterator[Lines]:
        """Everything that is stored and was not given yet."""
        async for page in self._executions.log_pages(self._execution, tree=True):
            yield self._new(page)

    async def end(self, count: int) -> AsyncIterator[Lines]:
        """The last so many; what is before them counts as given."""
        for end in await self._executions.log_ends(self._execution):
            self._of(end["execution"], end["attempt"]).whole = end["seq"]
        last = await self._executions.logs(self._execution, tree=True, tail=count)
        self._new(last)
        yield last

    async def over(self) -> bool:
        return is_final((await self._executions.get(self._execution)).get("status", ""))

    async def heard(self) -> Lines:
        """The next lines; none when it is time to look whether it is over."""
        try:
            async with asyncio.timeout(self._look):
                event = await self._events.get()
        except TimeoutError:
            return [] if self._look == LOOK_SECONDS_WITH_STREAM else await self.stored()
        if event.type == "execution.log":
            return await self._lines_of(event)
        return await self.stored() if event.type in ("connected", "resync") else []

    async def rest(self) -> AsyncIterator[LogEntry]:
        """The last lines may be stored after the end is: until nothing new comes."""
        for _ in range(MOST_SETTLING):
            for line in await self.stored():
                yield line
            await asyncio.sleep(SETTLE_SECONDS)
            if not await self._behind():
                return

    async def stored(self) -> Lines:
        """What is missing of what is stored, in the order of time."""
        behind = await self._behind()
        if len(behind) > _MOST_BEHIND:
            return _sorted([line async for page in self.whole() for line in page])
        found: Lines = []
        for execution, attempt in behind:
            known = self._of(execution, attempt).whole
            async for page in self._executions.log_pages(execution, attempt=attempt, after=known):
                found += self._new(page)
        return _sorted(found)

    async def _behind(self) -> list[tuple[int, int]]:
        ends = await self._executions.log_ends(self._execution)
        places = ((end["execution"], end["attempt"], end["seq"]) for end in ends)
        return [(execution, attempt) for execution, attempt, seq in places if self._of(execution, attempt).whole < seq]

    async def _lines_of(self, event: StreamEvent) -> Lines:
        execution, attempt = event.data["execution_id"], event.data["attempt"]
        task, index = await self._place(execution)
        where: LogEntry = {"execution": execution, "attempt": attempt, "task_name": task, "task_index": index}
        return _sorted(self._new(cast(LogEntry, {**where, **line}) for line in event.data["lines"]))

    async def _place(self, execution: int) -> tuple[str | None, int | None]:
        if execution not in self._places:
            found = await self._executions.get(execution)
            self._places[execution] = (found.get("task_name"), found.get("task_index"))
        return self._places[execution]

    def _new(self, lines: Iterable[LogEntry]) -> Lines:
        return [line for line in lines if self._of(line["execution"], line["attempt"]).take(line["seq"])]

    def _of(self, execution: int, attempt: int) -> _Given:
        return self._given.setdefault((execution, attempt), _Given())


def _sorted(lines: Iterable[LogEntry]) -> Lines:
    return sorted(lines, key=lambda line: (line["time"], line["execution"], line["attempt"], line["seq"]))
