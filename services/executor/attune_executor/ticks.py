"""Timer triggers fire: whatever is due becomes events. All executors do this; a row's lock decides who.

The tick's own time is the event's deduplication key and the row moves on in the same transaction, so a tick is one
event whoever fires it and however often it is tried.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from attune_common.contracts.event import EventCreated
from attune_common.runtime import logging, metrics
from attune_common.runtime.random_ids import random_id
from attune_common.store import events, trigger_timers
from attune_common.store.connection import Row
from attune_common.store.events import EventRow
from attune_common.store.trigger_timers import Kept
from attune_common.store.unit import Unit
from attune_core.timers.definition import Interval, Timer
from attune_core.timers.planning import Place, Plan, plan
from attune_core.timers.reading import read_timer
from attune_executor.context import Context

_AT_ONCE = 500
_TICKS_AT_ONCE = 2_000
_LEAST, _MOST = 0.001, 1.0
FIRED = metrics.counter("executor_ticks_total", "Ticks of timer triggers that became events")
LATE = metrics.histogram("executor_tick_late_seconds", "From the time of a tick to its event")
_log = logging.get("attune.executor")


class Ticks:
    """A timer that is registered elsewhere is found within `_MOST` seconds: one look at an index."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._grace = timedelta(seconds=context.settings.timer_grace_seconds)

    async def run(self) -> None:
        """Until cancelled. Errors: those of the database, for the caller to wait and run it again."""
        while True:
            if not await self.fire_due():
                await asyncio.sleep(await self._pause())

    async def fire_due(self) -> int:
        """One transaction's worth; how many timers were looked at."""
        return await self._context.store.retrying(self._perform)

    async def _pause(self) -> float:
        async with self._context.store.connection() as connection:
            left = await trigger_timers.next_due(connection)
        return _MOST if left is None else min(max(left, _LEAST), _MOST)

    async def _perform(self, unit: Unit) -> int:
        rows = await trigger_timers.take(unit, _AT_ONCE)
        if not rows:
            return 0
        now, most = await unit.now(), max(1, _TICKS_AT_ONCE // len(rows))
        kept, fired = [], []
        for row in rows:
            timer, problem = _read(row)
            planned = None if timer is None else plan(timer, Place(row["anchor"], row["done"]), now, self._grace, most)
            kept.append(_kept(row, planned, problem))
            if planned is not None and timer is not None and row["enabled"]:
                fired += [_event(row, timer, tick, now) for tick in planned.fire]
        await trigger_timers.put_back(unit, kept)
        await _store(unit, fired)
        return len(rows)


def _read(row: Row) -> tuple[Timer | None, str | None]:
    """Definitions are checked when they are saved; one that cannot be read all the same says why, and rests."""
    timer, faults = read_timer(row["spec"])
    if timer is not None:
        return timer, None
    problem = "; ".join(f"{fault.key or 'timer'}: {fault.message}" for fault in faults)[:1000]
    _log.error("a timer cannot be read", trigger=row["trigger_ref"], rule=row["rule_ref"], problem=problem)
    return None, problem


def _kept(row: Row, planned: Plan | None, problem: str | None) -> Kept:
    if planned is None:
        return Kept(row["id"], row["done"], None, problem)
    return Kept(row["id"], planned.done, planned.due)


def _event(row: Row, timer: Timer, tick: datetime, now: datetime) -> EventRow:
    """`source.rule` keeps the tick from the rules that have timers of their own."""
    zone = UTC if isinstance(timer.schedule, Interval) else timer.schedule.zone
    late = max((now - tick).total_seconds(), 0.0)
    LATE.observe(late)
    source: dict[str, Any] = {"kind": "timer"}
    if row["rule_ref"] is not None:
        source["rule"] = row["rule_ref"]
    key = f"timer:{row['rule_ref'] or ''}:{_text(tick, UTC)}"
    payload = {"scheduled_at": _text(tick, UTC), "local_time": _text(tick, zone), "late_seconds": round(late, 3)}
    return EventRow(row["trigger_ref"], payload, random_id(), source, key)


def _text(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).isoformat().replace("+00:00", "Z")


async def _store(unit: Unit, rows: list[EventRow]) -> None:
    for row, id in zip(rows, await events.insert_many(unit, rows), strict=True):
        if id is not None:
            FIRED.inc()
            unit.emit(EventCreated(event_id=id, trigger_ref=row.trigger_ref, trace_id=row.trace_id))
