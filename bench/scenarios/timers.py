"""What timers cost: 10,000 that wait, and how many ticks a second become events when many are due."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from attune_common.bus.memory import MemoryBus
from attune_common.runtime.settings import Settings
from attune_common.store.store import Store
from attune_executor.context import Context
from attune_executor.ticks import Ticks

COUNT = 10_000
_PACK = """
WITH content AS (
  INSERT INTO attune.pack_content (digest, archive) VALUES ('timers', '')
  ON CONFLICT (digest) DO UPDATE SET archive = excluded.archive RETURNING digest)
INSERT INTO attune.pack (ref, label, version, digest, manifest) VALUES ('timers', 't', '1.0.0', 'timers', '{}')
ON CONFLICT (ref) DO UPDATE SET label = excluded.label RETURNING id
"""
_TRIGGER = """
INSERT INTO attune.trigger (ref, pack, pack_ref, label, kind) VALUES ('timers.cron', $1, 'timers', 't', 'timer')
ON CONFLICT (ref) DO NOTHING
"""
_RULES = """
INSERT INTO attune.rule (ref, label, trigger_ref, trigger_params, action_ref)
SELECT 'timers.r' || n, 'r', 'timers.cron', $2, 'core.noop' FROM generate_series($1::int, $1 + 499) n
"""
_WAITING = "UPDATE attune.trigger_timer SET due_at = now() + interval '1 day', done = now()"
_DUE = "UPDATE attune.trigger_timer SET due_at = now(), done = now() - interval '5 seconds'"


async def measure(dsn: str, seconds: float) -> dict[str, float]:
    """Idle figures: milliseconds of this process's CPU in a second."""
    store = Store(Settings(database_url=dsn))
    await store.open()
    try:
        figures = {"ms of CPU per idle second, no timers": await _idle(store, seconds)}
        async with store.unit() as unit:
            await unit.execute(_TRIGGER, await unit.fetchval(_PACK))
        for first in range(0, COUNT, 500):
            async with store.unit() as unit:
                await unit.execute(_RULES, first, {"cron": "*/4 * * * * *", "catch_up": "all"})
        async with store.unit() as unit:
            await unit.execute(_WAITING)
        figures[f"ms of CPU per idle second, {COUNT:,} timers"] = await _idle(store, seconds)
        async with store.unit() as unit:
            await unit.execute(_DUE)
        figures["ticks that became events"] = await _fire(store)
        return figures
    finally:
        async with store.unit() as unit:
            await unit.execute("DELETE FROM attune.rule WHERE trigger_ref = 'timers.cron'")
        await store.close()


def _ticks(store: Store) -> Ticks:
    return Ticks(Context(store, MemoryBus(), store.settings))


async def _idle(store: Store, seconds: float) -> float:
    loop = asyncio.create_task(_ticks(store).run())
    await asyncio.sleep(1)
    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(max(seconds, 2))
    used: Any = (time.process_time() - cpu) / (time.perf_counter() - began)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    return float(used) * 1000


async def _fire(store: Store) -> float:
    ticks, began = _ticks(store), time.perf_counter()
    while await ticks.fire_due():
        pass
    took = time.perf_counter() - began
    async with store.connection() as connection:
        fired: int = await connection.fetchval("SELECT count(*) FROM attune.event WHERE trigger_ref = 'timers.cron'")
    return fired / took
