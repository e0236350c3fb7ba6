"""A million lines of logs: how often pages and ends of logs can be read, and what executions cost beside them."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from attune_common.runtime.settings import Settings
from attune_common.store import execution_views, log_views
from attune_common.store.execution_views import Filter
from attune_common.store.log_views import Lines
from attune_common.store.store import Store

_EXECUTIONS, _LINES = 100, 10_000
_FILL = """
INSERT INTO attune.execution (action_ref, status, trace_id)
SELECT 'bench.act', 'completed', 'bench' FROM generate_series(1, $1) RETURNING id
"""


async def measure(dsn: str, seconds: float) -> dict[str, float]:
    """Reads per second, before and after 1,000,000 lines were copied in; and the lines copied per second."""
    store = Store(Settings(database_url=dsn))
    await store.open()
    try:
        async with store.unit() as unit:
            ids = [row["id"] for row in await unit.fetch(_FILL, _EXECUTIONS)]
        figures = {"executions listed, without lines": await _reads(store, seconds, _list)}
        figures["lines copied"] = await _copy(dsn, ids)
        middle = ids[len(ids) // 2]
        figures["executions listed, beside a million lines"] = await _reads(store, seconds, _list)
        figures["first pages of 200 lines"] = await _reads(store, seconds, _page(middle, 0))
        figures["pages of 200 lines, at line 9,000"] = await _reads(store, seconds, _page(middle, 9_000))
        figures["last 100 lines"] = await _reads(store, seconds, _tail(middle))
        return figures
    finally:
        await store.close()


async def _copy(dsn: str, ids: list[int]) -> float:
    now = time.monotonic()
    connection: Any = await asyncpg.connect(dsn)
    try:
        moment = await connection.fetchval("SELECT now()")
        for id in ids:
            rows = [(id, 1, seq, "stdout", moment, f"line {seq} of execution {id}") for seq in range(1, _LINES + 1)]
            await connection.copy_records_to_table("execution_log", schema_name="attune", records=rows)
        await connection.execute("ANALYZE attune.execution_log")
    finally:
        await connection.close()
    return len(ids) * _LINES / (time.monotonic() - now)


Read = Callable[[Any], Awaitable[Any]]


async def _list(connection: Any) -> None:
    await execution_views.page(connection, None, Filter(), 50)


def _page(execution: int, after: int) -> Read:
    return lambda connection: log_views.lines(connection, Lines(execution), (execution, 1, after), 200)


def _tail(execution: int) -> Read:
    return lambda connection: log_views.tail(connection, Lines(execution), 100)


async def _reads(store: Store, seconds: float, read: Read) -> float:
    count, began = 0, time.monotonic()
    async with store.connection() as connection:
        while time.monotonic() - began < seconds:
            await read(connection)
            count += 1
    return count / (time.monotonic() - began)
