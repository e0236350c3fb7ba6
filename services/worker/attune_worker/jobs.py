"""The jobs in hand: what each of them is told to do, and how the rest of the worker finds them by token."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from attune_common.contracts.execution import ExecutionScheduled
from attune_common.hosting.masking import NOTHING, Masker
from attune_common.runtime.clock import utcnow

_REMEMBERED = 10_000


class Stop(StrEnum):
    """Why an attempt is ended from outside; the status of its completion."""

    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    LOST = "lost"


class Job:
    """One attempt on this worker. `masker` hides its secrets in whatever leaves the worker.

    `claim`: under which name the worker has asked to begin it; empty before that, None where it need not ask. `why`: it
    is to end from outside.
    """

    def __init__(self, spec: ExecutionScheduled) -> None:
        self.spec = spec
        self.masker: Masker = NOTHING
        self.claim: str | None = "" if spec.claim else None
        self.started_at: datetime = utcnow()
        self.why: Stop | None = None
        self.settled = asyncio.Event()
        self.handed_back = False
        self._grace = spec.limits.grace

    @cached_property
    def stopped(self) -> asyncio.Future[Stop]:
        """Made for who waits for it: an attempt that ends at once does without."""
        stopped = asyncio.get_running_loop().create_future()
        if self.why is not None:
            stopped.set_result(self.why)
        return stopped

    def stop(self, why: Stop, grace: float | None = None) -> None:
        """Ask the attempt to end; the first reason counts. `grace`: at most so many seconds from TERM to KILL."""
        if grace is not None:
            self._grace = min(self._grace, grace)
        if self.why is not None:
            return
        self.why = why
        if "stopped" in self.__dict__:
            self.stopped.set_result(why)

    def grace(self) -> float:
        """Seconds from TERM to KILL."""
        return self._grace


class Jobs:
    """All jobs whose end is not yet confirmed, and the tokens of the last ones that are over."""

    def __init__(self) -> None:
        self._running: dict[str, Job] = {}
        self._over: OrderedDict[str, None] = OrderedDict()
        self._refused: OrderedDict[str, None] = OrderedDict()
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._running)

    def tokens(self) -> list[str]:
        return list(self._running)

    def all(self) -> list[Job]:
        return list(self._running.values())

    def get(self, token: str) -> Job | None:
        return self._running.get(token)

    def is_over(self, token: str) -> bool:
        """Whether this worker has run the attempt and told how it ended: a delivery of it is a repeat."""
        return token in self._over

    def add(self, spec: ExecutionScheduled) -> Job:
        """A new job; stopped from the start when it was cancelled before it came."""
        job = Job(spec)
        if spec.token in self._refused:
            job.stop(Stop.CANCELLED)
        self._running[spec.token] = job
        self._empty.clear()
        return job

    def remove(self, job: Job) -> None:
        self._running.pop(job.spec.token, None)
        _remember(self._over, [job.spec.token])
        if not self._running:
            self._empty.set()

    def cancel(self, token: str) -> None:
        """Stop the attempt now, or when it arrives."""
        job = self._running.get(token)
        if job is None:
            _remember(self._refused, [token])
        else:
            job.stop(Stop.CANCELLED)

    async def all_ended(self, within: float) -> bool:
        try:
            async with asyncio.timeout(within):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True


def _remember(memory: OrderedDict[str, None], tokens: Iterable[str]) -> None:
    memory.update(dict.fromkeys(tokens))
    while len(memory) > _REMEMBERED:
        memory.popitem(last=False)
