"""Units of work on a real PostgreSQL: all or nothing, messages too; run again after conflicts."""

from __future__ import annotations

import asyncio
from collections import deque

import asyncpg
import pytest
from asyncpg.protocol import protocol

from attune_common.contracts.envelope import unpack
from attune_common.contracts.event import EventCreated
from attune_common.store.connection import JSON_NULL, jsons
from attune_common.store.errors import is_final_state_change, is_transient, is_unique_violation
from attune_common.store.store import Store
from attune_common.store.unit import StoredWire, Unit


def _event(number: int) -> EventCreated:
    return EventCreated(event_id=number, trigger_ref="test.made")


async def _outbox(store: Store) -> list[bytes]:
    async with store.connection() as connection:
        return [row["body"] for row in await connection.fetch("SELECT body FROM outbox ORDER BY id")]


async def _put(unit: Unit, key: str, value: object) -> None:
    await unit.execute("INSERT INTO kv (key, value) VALUES ($1, $2)", key, value)


async def test_messages_are_stored_with_the_rows_and_handed_over_after_the_commit(store: Store) -> None:
    handed: list[StoredWire] = []
    store.on_commit = handed.extend
    async with store.unit() as unit:
        await _put(unit, "a", 1)
        unit.emit(_event(1))
        unit.emit(_event(2))
        assert handed == []
    assert [wire.wire.routing_key for wire in handed] == ["event.created"]
    assert [message.event_id for message in unpack(handed[0].wire.body)] == [1, 2]  # type: ignore[attr-defined]
    assert await _outbox(store) == [handed[0].wire.body]


async def test_an_exception_undoes_rows_and_messages(store: Store) -> None:
    handed: list[StoredWire] = []
    store.on_commit = handed.extend

    async def work(unit: Unit) -> None:
        await _put(unit, "a", 1)
        unit.emit(_event(1))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.retrying(work)
    async with store.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM kv") == 0
    assert await _outbox(store) == []
    assert handed == []


async def test_what_on_commit_raises_does_not_reach_the_caller(store: Store) -> None:
    async def broken(wires: list[StoredWire]) -> None:
        raise ConnectionError("no broker")

    store.on_commit = broken
    async with store.unit() as unit:
        unit.emit(_event(1))
    assert len(await _outbox(store)) == 1


async def test_outbox_ids_belong_to_their_wires(store: Store) -> None:
    handed: list[StoredWire] = []
    store.on_commit = handed.extend
    async with store.unit() as unit:
        for number in range(1_001):
            unit.emit(_event(number))
    async with store.connection() as connection:
        rows = await connection.fetch("SELECT id, body FROM outbox")
    assert {row["id"]: row["body"] for row in rows} == {each.id: each.wire.body for each in handed}
    assert len(handed) == 3


async def test_time_is_that_of_the_transaction(store: Store) -> None:
    async with store.unit() as unit:
        first = await unit.now()
        await unit.execute("SELECT pg_sleep(0.01)")
        assert await unit.now() == first
        assert first.tzinfo is not None
        assert await unit.fetchval("SELECT now() = $1", first)


async def test_a_serialization_conflict_is_run_again(store: Store) -> None:
    runs = 0

    async def work(unit: Unit) -> int:
        nonlocal runs
        runs += 1
        if runs < 3:
            await unit.execute("DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$")
        return runs

    assert await store.retrying(work) == 3


async def test_a_lost_connection_is_run_again(store: Store) -> None:
    runs = 0

    async def work(unit: Unit) -> int:
        nonlocal runs
        runs += 1
        if runs == 1:
            await unit.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return runs

    assert await store.retrying(work) == 2


async def test_a_bug_is_not_run_again(store: Store) -> None:
    runs = 0

    async def work(unit: Unit) -> None:
        nonlocal runs
        runs += 1
        await unit.execute("SELECT no_such_column")

    with pytest.raises(Exception, match="no_such_column") as caught:
        await store.retrying(work)
    assert runs == 1
    assert not is_transient(caught.value)


async def test_a_held_lock_is_given_up_within_the_lock_timeout(store: Store) -> None:
    store.settings.lock_timeout = 0.2
    other = Store(store.settings)
    await other.open()
    async with store.unit() as holder:
        await _put(holder, "k", 1)
        await holder.execute("LOCK TABLE kv IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Exception, match="lock timeout") as caught:
            async with other.unit() as unit:
                await unit.execute("LOCK TABLE kv IN ACCESS EXCLUSIVE MODE")
    await other.close()
    assert is_transient(caught.value)


async def test_an_exhausted_pool_is_a_bounded_wait(database_url: str) -> None:
    store = Store(database_url)
    store.settings.pool_size, store.settings.acquire_timeout = 1, 0.2
    await store.open()
    async with store.connection():
        with pytest.raises(TimeoutError) as caught:
            async with store.connection():
                pass
    assert is_transient(caught.value)
    await store.close()


async def test_json_goes_in_and_out_as_python_values(store: Store) -> None:
    value = {"text": "ü\n", "list": [1, 2.5, None, True], "deep": {"a": {"b": []}}}
    async with store.connection() as connection:
        assert await connection.fetchval("SELECT $1::jsonb", value) == value
        assert await connection.fetchval("SELECT $1::jsonb IS NULL", None)
        assert await connection.fetchval("SELECT jsonb_typeof($1::jsonb)", JSON_NULL) == "null"
        lists = [[1], [], None, {"x": [2]}, "text", 7]
        assert await connection.fetchval("SELECT $1::jsonb[]", jsons(lists)) == lists


async def test_errors_are_told_apart(store: Store) -> None:
    async with store.unit() as unit:
        await _put(unit, "a", 1)
    with pytest.raises(Exception, match="duplicate") as twice:
        async with store.unit() as unit:
            await _put(unit, "a", 2)
    assert is_unique_violation(twice.value, "kv_pkey")
    assert not is_unique_violation(twice.value, "other")
    assert not is_transient(twice.value)


async def test_a_final_state_never_changes_but_for_a_new_try(store: Store) -> None:
    async with store.unit() as unit:
        number = await unit.fetchval(
            "INSERT INTO execution (action_ref, status, trace_id) VALUES ('a.b', 'completed', 't') RETURNING id"
        )
    with pytest.raises(Exception, match="final state") as refused:
        async with store.unit() as unit:
            await unit.execute("UPDATE execution SET status = 'running' WHERE id = $1", number)
    assert is_final_state_change(refused.value)
    async with store.unit() as unit:
        again = "UPDATE execution SET status = 'running', tries = tries + 1 WHERE id = $1"
        assert await unit.execute(again, number) == 1


async def test_a_server_that_is_down_is_unhealthy_and_no_crash() -> None:
    store = Store("postgresql://nobody@127.0.0.1:1/none")
    await store.open()
    assert await store.condition() == (False, "the database does not answer (ConnectionRefusedError)")
    with pytest.raises(OSError) as caught:
        async with store.unit():
            pass
    assert is_transient(caught.value)
    await store.close()


async def test_a_server_that_hangs_is_given_up_in_time() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    store = Store(f"postgresql://nobody@127.0.0.1:{port}/none?sslmode=disable")
    store.settings.connect_timeout = store.settings.acquire_timeout = 0.3
    await store.open()
    async with asyncio.timeout(3):
        with pytest.raises(TimeoutError):
            async with store.unit():
                pass
    await store.close()
    server.close()


async def test_changes_that_may_wait_are_one_round_trip_and_seen_by_what_is_asked_next(store: Store) -> None:
    insert = "INSERT INTO kv (key, value) VALUES ($1, $2)"
    async with store.unit() as unit:
        await unit.later(insert, "a", 1)
        await unit.later("INSERT INTO identity (login, role) VALUES ($1, 'viewer')", "somebody")
        assert await unit.fetchval("SELECT count(*) FROM kv") == 1
        await unit.later(insert, "b", 2)
        unit.emit(_event(1))
    async with store.unit() as unit:
        await unit.later(insert, "c", 3)
    async with store.connection() as connection:
        assert [row["key"] for row in await connection.fetch("SELECT key FROM kv ORDER BY key")] == ["a", "b", "c"]
    assert len(await _outbox(store)) == 1


async def test_a_change_that_waited_and_fails_undoes_the_unit(store: Store) -> None:
    async def work(unit: Unit) -> None:
        await _put(unit, "a", 1)
        await unit.later("UPDATE kv SET value = to_jsonb(1 / $1::int)", 0)
        unit.emit(_event(1))

    with pytest.raises(Exception, match="division by zero"):
        await store.retrying(work)
    async with store.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM kv") == 0
    assert await _outbox(store) == []


@pytest.mark.parametrize("values", [[1, 2], (1, 2), {1: "a", 2: "b"}.keys(), {1, 2}, range(1, 3), deque([1, 2])])
async def test_arrays_come_from_whatever_holds_values(store: Store, values: object) -> None:
    async with store.connection() as connection:
        assert await connection.fetchval("SELECT $1::bigint[]", values) == [1, 2]


async def test_the_driver_asks_by_the_types_that_it_was_given(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version may look at members of arrays in another way: then the saving in `store.connection` is lost."""
    monkeypatch.setattr(protocol, "IterableABC", ())
    async with store.connection() as connection:
        with pytest.raises(asyncpg.DataError):
            await connection.fetchval("SELECT $1::bigint[]", [1, 2])
