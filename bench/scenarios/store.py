"""What the store costs: units with a message, one by one and in batches; planning each statement or not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from attune_common.contracts.event import EventCreated
from attune_common.runtime.settings import Settings
from attune_common.store.store import Store
from attune_common.store.unit import Unit

_INSERT = """
INSERT INTO execution (action_ref, trace_id, parameters)
SELECT 'bench.noop', 'bench', '{}' FROM generate_series(1, $1) RETURNING id
"""
_FINISH = "UPDATE execution SET attempt = attempt + 1 WHERE id = ANY($1::bigint[])"


async def measure(dsn: str, seconds: float) -> dict[str, float]:
    figures: dict[str, float] = {}
    for mode in ("auto", "force_custom_plan"):
        figures[f"reads by key, {mode}"] = await _reads(dsn, mode, seconds)
    for size in (1, 50, 200):
        figures[f"executions in units of {size}, one writer"] = await _units(dsn, size, 1, seconds)
    figures["executions in units of 1, eight writers"] = await _units(dsn, 1, 8, seconds)
    return figures


async def _reads(dsn: str, mode: Literal["auto", "force_custom_plan"], seconds: float) -> float:
    store = Store(Settings(database_url=dsn, plan_cache_mode=mode))
    await store.open()
    async with store.connection() as connection:
        query = "SELECT id, status, parameters FROM execution WHERE id = $1 AND status <> 'completed'"
        rate = await _rate(lambda: connection.fetchrow(query, 1), 1, seconds)
    await store.close()
    return rate


async def _units(dsn: str, size: int, writers: int, seconds: float) -> float:
    store = Store(Settings(database_url=dsn))
    await store.open()

    async def work(unit: Unit) -> None:
        ids = [row["id"] for row in await unit.fetch(_INSERT, size)]
        await unit.execute(_FINISH, ids)
        for number in ids:
            unit.emit(EventCreated(event_id=number, trigger_ref="bench"))

    rates = await asyncio.gather(*(_rate(lambda: store.retrying(work), size, seconds) for _ in range(writers)))
    await store.close()
    return sum(rates)


async def _rate(step: Callable[[], Awaitable[object]], size: int, seconds: float) -> float:
    begin, done = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds:
        await step()
        done += size
    return done / (time.perf_counter() - begin)
