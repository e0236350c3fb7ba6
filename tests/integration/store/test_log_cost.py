"""How long logs are makes nothing slower: pages of tables that a look touches, with few lines and with many."""

from __future__ import annotations

from typing import Any

from attune_common.runtime import json
from attune_common.store import queries
from attune_common.store.store import Store

MANY = 100_000
ATTEMPTS = 20
_LOOK, _LOGS = queries.load("execution_views"), queries.load("log_views")
LIST = (None, None, None, None, False, None, 50, None, 0, *[None] * 9)
LOOKS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "list": (_LOOK.page, LIST),
    "first page": (_LOGS.lines, (1, False, 1, 0, 0, None, None, 200)),
    "page in the middle": (_LOGS.lines, (1, False, 1, 1, MANY // ATTEMPTS // 2, None, None, 200)),
    "tail": (_LOGS.tail, (1, True, None, None, 100)),
    "ends": (_LOGS.ends, (1, 0, 0, 200)),
}


async def test_a_look_costs_the_same_however_long_the_logs_are(store: Store) -> None:
    await _executions(store)
    await _lines(store, 1, 300)
    few = {name: await _touched(store, *look) for name, look in LOOKS.items()}
    await _lines(store, 301, MANY // ATTEMPTS)
    many = {name: await _touched(store, *look) for name, look in LOOKS.items()}
    assert {name: pages for name, pages in many.items() if pages > few[name] * 2 + 50} == {}, few


async def _executions(store: Store) -> None:
    async with store.unit() as unit:
        await unit.execute(
            "INSERT INTO attune.execution (id, action_ref, trace_id, status, attempt) "
            "SELECT n, 't.a', 't', 'completed', 1 FROM generate_series(1, $1::int) AS n",
            ATTEMPTS,
        )


async def _lines(store: Store, first: int, last: int) -> None:
    """Of each execution."""
    async with store.unit() as unit:
        await unit.execute(
            "INSERT INTO attune.execution_log (execution, attempt, seq, stream, time, line) "
            "SELECT e, 1, n, 'stdout', now(), 'a line of some length ' || n "
            "FROM generate_series(1, $1::int) AS e, generate_series($2::int, $3::int) AS n",
            ATTEMPTS, first, last,
        )  # fmt: skip
        await unit.execute("ANALYZE attune.execution_log")


async def _touched(store: Store, statement: str, arguments: tuple[Any, ...]) -> int:
    async with store.connection() as connection:
        found = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *arguments)
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
