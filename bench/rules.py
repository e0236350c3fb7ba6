"""What an event costs that many rules listen to: matching alone, and the whole way through an executor's transaction.

Usage: python -m bench.rules [--rules 1000]. Times are milliseconds for one event, the best and the median of some
rounds. `others` rules of other triggers stand in the same table.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from attune_common.bus.memory import MemoryBus
from attune_common.runtime.settings import Settings
from attune_common.store.embedded.cluster import EmbeddedPostgres
from attune_common.store.migrate import ensure_database, migrate
from attune_common.store.store import Store
from attune_core.rules.match import match_in
from attune_core.rules.scope import scope_of
from attune_executor.context import Context
from attune_executor.enforce import Enforce
from attune_executor.isolation import Isolation

ROUNDS, OTHERS = 30, 9_000
EVENT = {"id": 1, "trigger": "bench.t", "payload": {"branch": "main", "size": 7}, "created": "", "source": {}}
_RULES = """
INSERT INTO attune.rule (ref, label, trigger_ref, criteria, action_ref)
SELECT 'bench.' || $1 || n, '', $1, jsonb_build_object('all', jsonb_build_array(
  jsonb_build_object('path', 'event.payload.branch', 'operator', 'equals', 'value', 'main'),
  jsonb_build_object('path', 'event.payload.size', 'operator', 'equals', 'value', n))), 'core.noop'
FROM generate_series(1, $2::int) AS n
"""


def criteria(number: int) -> dict[str, Any]:
    """Two tests, of which the second tells the rules apart: one of them matches."""
    branch = {"path": "event.payload.branch", "operator": "equals", "value": "main"}
    return {"all": [branch, {"path": "event.payload.size", "operator": "equals", "value": number}]}


def matching(count: int) -> list[float]:
    rules, scope = [criteria(number) for number in range(count)], scope_of(EVENT)
    return [_timed(lambda: [match_in(scope, rule) for rule in rules]) for _ in range(ROUNDS)]


async def transaction(dsn: str, count: int) -> list[float]:
    await ensure_database(dsn)
    await migrate(dsn)
    settings = Settings(database_url=dsn)
    store = Store(settings)
    await store.open()
    try:
        async with store.unit() as unit:
            await unit.execute(_RULES, "bench.t", count)
            await unit.execute(_RULES, "bench.other", OTHERS)
        enforce = Enforce(Context(store, MemoryBus(), settings), Isolation(store))
        return [await _one(store, enforce) for _ in range(ROUNDS)]
    finally:
        await store.close()


async def _one(store: Store, enforce: Enforce) -> float:
    async with store.unit() as unit:
        event = await unit.fetchval(
            "INSERT INTO attune.event (trigger_ref, payload, trace_id) VALUES ('bench.t', $1, 't') RETURNING id",
            EVENT["payload"],
        )
    began = time.perf_counter()
    await enforce._transact([event])
    return (time.perf_counter() - began) * 1000


def _timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.rules", description=__doc__)
    parser.add_argument("--rules", type=int, default=1_000)
    count = parser.parse_args().rules
    alone = matching(count)
    with tempfile.TemporaryDirectory(prefix="attune-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder))
        try:
            whole = asyncio.run(transaction(server.start(), count))
        finally:
            server.stop()
    figures = {"rules": count, "others": OTHERS}
    for name, times in (("matching", alone), ("transaction", whole)):
        figures |= {f"{name}_ms": round(min(times), 2), f"{name}_median_ms": round(statistics.median(times), 2)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
