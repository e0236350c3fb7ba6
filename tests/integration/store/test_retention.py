"""What is over and old goes, with all that is its own; what is young, live or set aside stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from attune_common.pruning import prune
from attune_common.store import audit
from attune_common.store.audit import Entry
from attune_common.store.store import Store

DAY = 86_400.0
OLD, YOUNG = (datetime.now(UTC) - timedelta(days=days) for days in (40, 2))


async def execution(store: Store, ended: datetime, status: str = "completed", **more: Any) -> int:
    columns = {"action_ref": "t.a", "trace_id": "t", "status": status, "created": ended, "updated": ended, **more}
    if status == "completed":
        columns["completed_at"] = ended
    async with store.unit() as unit:
        names, places = ", ".join(columns), ", ".join(f"${n}" for n in range(1, len(columns) + 1))
        made: int = await unit.fetchval(
            f"INSERT INTO attune.execution ({names}) VALUES ({places}) RETURNING id", *columns.values()
        )
        await unit.execute(
            "INSERT INTO attune.execution_log (execution, attempt, seq, stream, time, line) "
            "VALUES ($1, 1, 1, 'stdout', $2, 'x')",
            made,
            ended,
        )
    return made


async def run_of(store: Store, execution_id: int, ended: datetime) -> int:
    async with store.unit() as unit:
        await unit.execute(
            "INSERT INTO attune.workflow_version (digest, ref, definition, task_graph) VALUES ('d', 't.w', '{}', '{}') "
            "ON CONFLICT DO NOTHING"
        )
        run: int = await unit.fetchval(
            "INSERT INTO attune.workflow_run "
            "(execution, workflow_ref, version, pack_ref, status, created, completed_at) "
            "VALUES ($1, 't.w', 'd', 't', 'completed', $2, $2) RETURNING id",
            execution_id,
            ended,
        )
        await unit.execute(
            "INSERT INTO attune.journal (workflow_run, revision, time, signal, commands) "
            "VALUES ($1, 1, $2, '{}', '[]')",
            run,
            ended,
        )
    return run


async def left(store: Store, table: str) -> int:
    async with store.connection() as connection:
        return int(await connection.fetchval(f"SELECT count(*) FROM attune.{table}"))


async def test_old_trees_go_whole_and_the_rest_stays(store: Store) -> None:
    root = await execution(store, OLD, is_workflow=True)
    run = await run_of(store, root, OLD)
    task = await execution(store, OLD, parent=root, root=root, workflow_run=run, task_name="a", iteration=1)
    await run_of(store, task, OLD)
    await execution(store, OLD, parent=root, root=root)
    live = await execution(store, OLD, "running")
    set_aside = await execution(store, OLD)
    async with store.unit() as unit:
        insert = "INSERT INTO attune.incident (kind, subject) VALUES ('poison', 'execution:' || $1::bigint)"
        await unit.execute(insert, set_aside)
    young = await execution(store, YOUNG)
    removed = await prune(store, {"executions": 30 * DAY})
    assert removed == {"executions": 3}
    async with store.connection() as connection:
        rows = await connection.fetch("SELECT id FROM attune.execution ORDER BY id")
    assert [row["id"] for row in rows] == [live, set_aside, young]
    assert await left(store, "workflow_run") == await left(store, "journal") == 0
    assert await left(store, "execution_log") == 3


async def test_each_kind_has_an_age_of_its_own(store: Store) -> None:
    for moment in (OLD, YOUNG):
        root = await execution(store, moment, is_workflow=True)
        await run_of(store, root, moment)
        async with store.unit() as unit:
            insert = "INSERT INTO attune.event (trigger_ref, trace_id, matched, created) VALUES ('t.t', 't', $1, $2)"
            await unit.execute(insert, True, moment)
            await unit.execute(insert, False, moment)
    live = await execution(store, OLD, "running")
    assert await prune(store, {}) == {}
    ages = dict.fromkeys(("logs", "journal", "events"), 30 * DAY)
    assert await prune(store, ages) == {"logs": 1, "journal": 1, "events": 1}
    assert await left(store, "execution") == 3
    assert await left(store, "event") == 3
    async with store.connection() as connection:
        kept = await connection.fetch("SELECT execution FROM attune.execution_log")
    assert live in [row["execution"] for row in kept]


async def test_the_trail_forgets_its_beginning_and_says_so(store: Store) -> None:
    async with store.unit() as unit:
        for number in range(3):
            unit.record(Entry(action="test.done", subject=str(number)))
    async with store.unit() as unit:
        await audit.chain(unit)
    removed = await prune(store, {"audit": 1e-9})
    assert removed["audit"] >= 3
    async with store.connection() as connection:
        rows = await connection.fetch("SELECT action FROM attune.audit")
    assert {row["action"] for row in rows} == {"audit.forget"}


async def test_only_one_removes_at_a_time(store: Store) -> None:
    await execution(store, OLD)
    async with store.unit() as unit:
        assert await unit.fetchval("SELECT pg_try_advisory_xact_lock(hashtextextended('attune.retention', 0))")
        assert await prune(store, {"executions": 30 * DAY}) == {"executions": 0}
    assert await prune(store, {"executions": 30 * DAY}) == {"executions": 1}


@pytest.mark.parametrize("count", [2_500])
async def test_more_than_a_portion_goes_portion_by_portion(store: Store, count: int) -> None:
    root = await execution(store, OLD)
    async with store.unit() as unit:
        await unit.execute(
            "INSERT INTO attune.execution (action_ref, trace_id, status, parent, root, created, completed_at) "
            "SELECT 't.a', 't', 'completed', $1, $1, $2, $2 FROM generate_series(1, $3)",
            root,
            OLD,
            count,
        )
    assert await prune(store, {"executions": 30 * DAY}) == {"executions": count + 1}
    assert await left(store, "execution") == 0
