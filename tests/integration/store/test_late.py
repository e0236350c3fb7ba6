"""Units that lock nothing before they write: what they have seen is as it was, or nothing of theirs is stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from attune_common.contracts.workflow import RunRequested
from attune_common.store import executions
from attune_common.store.errors import RowsChanged, is_transient
from attune_common.store.executions import Execution
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_core.model.status import ExecutionStatus

_NEW = "INSERT INTO attune.execution (action_ref, trace_id) VALUES ('t.a', md5(random()::text)) RETURNING id"
_STATUS = "SELECT status::text FROM attune.execution WHERE id = $1"
_MESSAGE = RunRequested(workflow_execution_id=1, kind="pause")


async def made(store: Store, count: int = 1) -> list[int]:
    async with store.connection() as connection:
        return [await connection.fetchval(_NEW) for _ in range(count)]


async def status(store: Store, id: int) -> str:
    async with store.connection() as connection:
        return str(await connection.fetchval(_STATUS, id))


async def waiting(store: Store) -> int:
    async with store.connection() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM attune.outbox"))


async def asked_to_cancel(store: Store, id: int) -> None:
    async with store.connection() as connection:
        await connection.execute("UPDATE attune.execution SET cancel_requested = true WHERE id = $1", id)


async def late(store: Store, work: Callable[[Unit], Awaitable[object]]) -> None:
    async with store.late_unit() as unit:
        await work(unit)


async def run_all(unit: Unit, rows: list[Execution]) -> None:
    for row in rows:
        row.status = ExecutionStatus.RUNNING
    await executions.update(unit, rows)
    unit.emit(_MESSAGE)


async def test_what_nobody_has_changed_is_written_with_its_messages(store: Store) -> None:
    ids = await made(store, 3)
    async with store.late_unit() as unit:
        await run_all(unit, await executions.lock(unit, ids))
        assert unit.is_late
    assert [await status(store, id) for id in ids] == ["running"] * 3
    assert [wire.wire.routing_key for wire in unit.wires] == ["run.requested"]
    assert await waiting(store) == 1


async def test_what_was_changed_meanwhile_undoes_all_of_it(store: Store) -> None:
    ids = await made(store, 3)

    async def work(unit: Unit) -> None:
        rows = await executions.lock(unit, ids)
        await asked_to_cancel(store, ids[1])
        await run_all(unit, rows)

    with pytest.raises(RowsChanged) as caught:
        await late(store, work)
    assert is_transient(caught.value)
    assert [await status(store, id) for id in ids] == ["requested"] * 3
    assert await waiting(store) == 0


async def test_what_was_only_looked_at_has_to_be_as_it_was_too(store: Store) -> None:
    read, written = await made(store, 2)

    async def work(unit: Unit) -> None:
        rows = await executions.lock(unit, [read, written])
        await asked_to_cancel(store, read)
        await run_all(unit, [row for row in rows if row.id == written])

    with pytest.raises(RowsChanged):
        await late(store, work)
    assert await status(store, written) == "requested"


async def test_a_question_that_is_no_look_begins_the_transaction(store: Store) -> None:
    (id,) = await made(store)
    async with store.late_unit() as unit:
        rows = await executions.lock(unit, [id])
        assert await unit.fetchval("SELECT 1") == 1
        assert not unit.is_late
        await run_all(unit, rows)
        assert await status(store, id) == "requested"
    assert await status(store, id) == "running"


async def test_a_transaction_that_begins_later_finds_what_was_changed(store: Store) -> None:
    (id,) = await made(store)

    async def work(unit: Unit) -> None:
        await executions.lock(unit, [id])
        await asked_to_cancel(store, id)
        await unit.fetchval("SELECT 1")

    with pytest.raises(RowsChanged):
        await late(store, work)


async def test_a_key_that_somebody_else_has_written_is_a_change_like_others(store: Store) -> None:
    (id,) = await made(store)
    again = "INSERT INTO attune.execution (id, action_ref, trace_id) VALUES ($1, 't.a', 'x')"
    with pytest.raises(RowsChanged):
        await late(store, lambda unit: unit.later(again, id))


async def test_what_raises_leaves_nothing(store: Store) -> None:
    (id,) = await made(store)

    async def work(unit: Unit) -> None:
        await run_all(unit, await executions.lock(unit, [id]))
        await unit.fetchval("SELECT 1")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await late(store, work)
    assert (await status(store, id), await waiting(store)) == ("requested", 0)


async def test_the_second_try_locks_its_rows(store: Store) -> None:
    (id,) = await made(store)
    late: list[bool] = []

    async def work(unit: Unit) -> None:
        late.append(unit.is_late)
        rows = await executions.lock(unit, [id])
        if unit.is_late:
            await asked_to_cancel(store, id)
        await run_all(unit, rows)

    await store.retrying(work, late=True)
    assert late == [True, False]
    assert await status(store, id) == "running"


async def test_rows_that_somebody_holds_are_not_waited_for_long(store: Store) -> None:
    (id,) = await made(store)

    async def work(unit: Unit) -> None:
        await run_all(unit, await executions.lock(unit, [id]))

    async with store.unit() as holder:
        await holder.fetch("SELECT id FROM attune.execution WHERE id = $1 FOR UPDATE", id)
        with pytest.raises(Exception, match="lock timeout") as caught:
            await late(store, work)
    assert is_transient(caught.value)


async def test_a_connection_that_is_lost_before_the_transaction_begins_is_a_trouble_that_passes(store: Store) -> None:
    (id,) = await made(store)

    async def work(unit: Unit) -> None:
        await executions.lock(unit, [id])
        (row,) = await unit.look("SELECT pg_backend_pid() AS pid")
        async with store.connection() as other:
            await other.fetchval("SELECT pg_terminate_backend($1, 5000)", row["pid"])
        await unit.fetchval("SELECT 1")

    with pytest.raises(Exception, match=r"terminat|clos|released") as caught:
        await late(store, work)
    assert is_transient(caught.value)
