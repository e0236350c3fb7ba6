"""The sweeps run each second on every executor: none of them may read a table that only grows."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from attune_common.store import queries
from attune_common.store.store import Store

_FILL = """
INSERT INTO attune.execution (action_ref, status, trace_id, workflow_run, task_name, iteration, task_index, token)
SELECT 't.echo', CASE WHEN n % 500 = 0 THEN 'running' ELSE 'completed' END::attune.execution_status_enum, 'x',
       n / 100, 'task', 1, n % 100, md5(n::text)
FROM generate_series(1, 30000) AS n
"""
_RUNS = """
WITH version AS (
  INSERT INTO attune.workflow_version (digest, ref, definition, task_graph) VALUES ('v', 't.w', '{}', '{}')
  RETURNING digest
)
INSERT INTO attune.workflow_run (execution, workflow_ref, version, pack_ref, status)
SELECT e.id, 't.w', digest, 't',
       CASE WHEN e.id % 100 = 0 THEN 'running' ELSE 'completed' END::attune.execution_status_enum
FROM attune.execution e, version
"""
_EVENTS = """
INSERT INTO attune.event (trigger_ref, trace_id, matched)
SELECT 't.e', 'x', n % 1000 <> 0 FROM generate_series(1, 20000) AS n
"""
_ARGUMENTS: dict[str, tuple[object, ...]] = {
    "lapsed": (0.0,),
    "overdue": (30.0,),
    "deaf": (60.0,),
    "unaccepted_pools": (30.0, "default"),
    "unaccepted": (30.0, "default", ["default"], 500),
    "unstarted": (10.0,),
    "untold": (5.0,),
    "stuck_runs": (60.0,),
    "extend": (["a", "b"], 30.0),
    "held": (["a", "b"],),
    "live": (["a", "b"],),
    "end_all": (),
    "claim": ("w", [7], ["a"], ["c"], 30.0),
}


@pytest.fixture
async def full(store: Store, database_url: str) -> Store:
    """Filled past the store, whose statements have little time."""
    session: Any = await asyncpg.connect(database_url)
    try:
        for statement in (_FILL, _RUNS, _EVENTS, "ANALYZE attune.execution, attune.workflow_run, attune.event"):
            await session.execute(statement)
    finally:
        await session.close()
    return store


async def _plan(store: Store, statement: str, arguments: tuple[object, ...]) -> str:
    async with store.unit() as unit:
        return "\n".join(row[0] for row in await unit.fetch(f"EXPLAIN {statement}", *arguments))


async def test_sweeps_use_indexes(full: Store) -> None:
    known = queries.load("leases")
    checked = {"worker_seen"}
    for name, arguments in _ARGUMENTS.items():
        plan = await _plan(full, getattr(known, name), arguments)
        assert "Seq Scan on execution" not in plan, f"{name}:\n{plan}"
        assert "Seq Scan on workflow_run" not in plan, f"{name}:\n{plan}"
        checked.add(name)
    assert checked == set(known.names())


async def test_forgotten_events_are_found_by_an_index(full: Store) -> None:
    plan = await _plan(full, queries.load("events_matching").forgotten, (5.0,))
    assert "Seq Scan on event" not in plan, plan


async def test_items_of_a_long_list_are_found_by_their_key(full: Store) -> None:
    known = queries.load("executions")
    keys = ([7], ["task"], [1], [30])
    for name, arguments in (("lock_keys", keys), ("lock_live", keys[:3]), ("results", keys[:3])):
        plan = await _plan(full, getattr(known, name), arguments)
        assert "Seq Scan on execution" not in plan, f"{name}:\n{plan}"
