"""What is too old goes, portion by portion, so that no transaction is long and nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from attune_common.runtime import logging, metrics
from attune_common.store import retention
from attune_common.store.connection import Connection
from attune_common.store.store import Store
from attune_common.store.unit import Unit

EVERY_SECONDS = 60.0
_PAUSE_SECONDS = 0.05
_ROOTS, _ROWS = 100, 5_000
_REMOVED = metrics.counter("retention_removed_total", "Rows that were removed because of their age", "kind")
_log = logging.get("attune.retention")

Step = Callable[[Connection, float, int], Awaitable[int]]
STEPS: Mapping[str, tuple[Step, int]] = {
    "logs": (retention.logs, _ROWS),
    "journal": (retention.journal, _ROWS),
    "events": (retention.events, _ROWS),
    "executions": (retention.executions, _ROOTS),
    "audit": (retention.audit, _ROWS),
}
"""By kind: what removes a portion, and how large that is. Executions come after what is left of them."""


async def forever(store: Store, ages: Mapping[str, float]) -> None:
    """Until cancelled. Any number of processes may; one at a time does it. Errors: those of the database."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        await prune(store, ages)


async def prune(store: Store, ages: Mapping[str, float]) -> dict[str, int]:
    """Remove all that is older; `ages` in seconds by kind. How many of each."""
    removed: dict[str, int] = {}
    for kind, (step, most) in STEPS.items():
        if kind in ages:
            removed[kind] = await _all(store, kind, partial(_portion, step=step, seconds=ages[kind], most=most))
    return removed


async def _all(store: Store, kind: str, portion: Callable[[Unit], Awaitable[int]]) -> int:
    count = 0
    while found := await store.retrying(portion):
        count += found
        _REMOVED.labels(kind).inc(found)
        await asyncio.sleep(_PAUSE_SECONDS)
    if count:
        _log.info("removed what was too old", kind=kind, rows=count)
    return count


async def _portion(unit: Unit, step: Step, seconds: float, most: int) -> int:
    """0 when another process is at it."""
    return await step(unit, seconds, most) if await retention.alone(unit) else 0
