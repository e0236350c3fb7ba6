"""The load: work is asked for through the API as clients do, and looked at through it until none is left."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from attune_client import AsyncAttune
from bench.platform import Platform
from bench.processes import Usage, usage

CLIENTS = 16
_LOOK_SECONDS = 0.1
_LONGEST_SECONDS = 900.0
_LIVE = ("running", "scheduled", "requested")
Figures = dict[str, Any]


class Wrong(Exception):
    """The platform did not do what it was asked for: a figure of it would mean nothing."""


@dataclass(slots=True)
class Run:
    """One measurement: `count` units of work within `seconds`, and what each process spent on them."""

    count: int
    seconds: float
    cpu: dict[str, float]
    rss: dict[str, float]
    latencies: list[float] = field(default_factory=list)


async def measured(platform: Platform, count: int, work: Callable[[], Awaitable[Sequence[float]]]) -> Run:
    """What `work` took. It gives latencies in ms, of whatever the scenario calls a step."""
    before, began = usage(platform.names), time.perf_counter()
    latencies = await work()
    seconds, after = time.perf_counter() - began, usage(platform.names)
    return Run(count, seconds, after.since(before), _rounded(after), list(latencies))


def _rounded(after: Usage) -> dict[str, float]:
    return {name: round(value) for name, value in after.rss.items()}


def summary(runs: Sequence[Run], unit: str) -> Figures:
    """The middle of several runs. `unit`: tasks or items."""
    cpu = {name: [run.cpu.get(name, 0.0) / run.count * 1000 for run in runs] for name in runs[-1].cpu}
    latencies = sorted(value for run in runs for value in run.latencies)
    return {
        f"{unit}_per_s": round(statistics.median(run.count / run.seconds for run in runs), 1),
        "cpu_s_per_1000": round(statistics.median(sum(run.cpu.values()) / run.count * 1000 for run in runs), 4),
        "cpu_by_process": {name: round(statistics.median(each), 4) for name, each in sorted(cpu.items())},
        "p50_ms": percentile(latencies, 0.5),
        "p95_ms": percentile(latencies, 0.95),
        "rss_mb": runs[-1].rss,
        "runs": [{"count": run.count, "seconds": round(run.seconds, 3), "cpu_s": run.cpu} for run in runs],
    }


def percentile(ordered: Sequence[float], share: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3) if ordered else None


async def side_by_side(calls: Iterable[Callable[[], Awaitable[Any]]]) -> list[Any]:
    """The answers of all calls, at most `CLIENTS` of them under way."""
    limit = asyncio.Semaphore(CLIENTS)

    async def one(call: Callable[[], Awaitable[Any]]) -> Any:
        async with limit:
            return await call()

    return await asyncio.gather(*(one(call) for call in calls))


async def until(look: Callable[[], Awaitable[Any]], every: float = _LOOK_SECONDS) -> Any:
    """What `look` gives as soon as it gives something. Errors: Wrong after fifteen minutes."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    while time.monotonic() < deadline:
        if found := await look():
            return found
        await asyncio.sleep(every)
    raise Wrong(f"nothing has ended within {_LONGEST_SECONDS:g} s")


async def until_idle(attune: AsyncAttune, action: str) -> None:
    """Return when no execution of the action is alive. Errors: Wrong."""

    async def none_left(status: str) -> bool:
        return not await attune.executions.list(status=status, action=action, limit=1)

    for status in (*_LIVE, *_LIVE):
        await until(lambda status=status: none_left(status))


async def until_ended(attune: AsyncAttune, execution: int, every: float) -> Any:
    """The execution when it has completed. Errors: Wrong when it ended otherwise."""

    async def ended() -> Any:
        found = await attune.executions.get(execution)
        return found if found["completed_at"] else None

    found = await until(ended, every)
    if found["status"] != "completed":
        raise Wrong(f"execution {execution} {found['status']}: {found['error']}")
    return found


async def step_times(attune: AsyncAttune, run: int) -> list[float]:
    """Milliseconds from decision to decision of a run, by PostgreSQL's clock, from its journal."""
    times = [datetime.fromisoformat(entry["facts"]["now"]) for entry in await attune.runs.history(run)]
    return [(after - before).total_seconds() * 1000 for before, after in itertools.pairwise(times)]
