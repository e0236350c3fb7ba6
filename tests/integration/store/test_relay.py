"""The outbox's relay: what was left behind is published, a job only when nobody can have it yet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import pytest
from tests.support.waiting import until

from attune_common.bus import topology
from attune_common.bus.memory import MemoryBus
from attune_common.contracts.envelope import Wire, pack, unpack
from attune_common.contracts.event import EventCreated
from attune_common.contracts.execution import ExecutionCompleted, ExecutionScheduled
from attune_common.outbox import Relay
from attune_common.outbox_jobs import LeftJobs
from attune_common.runtime.clock import monotonic
from attune_common.runtime.settings import Settings
from attune_common.store import outbox
from attune_common.store.store import Store

_EXECUTION = """
INSERT INTO attune.execution (action_ref, status, token, trace_id) VALUES ('t.a', 'scheduled', $1, 'x') RETURNING id
"""


class Recorder(MemoryBus):
    """`sent` is every message in the order of publishing."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Any] = []

    async def publish(self, wires: Sequence[Wire]) -> None:
        self.sent += [message for wire in wires for message in unpack(wire.body)]
        await super().publish(wires)

    @property
    def tokens(self) -> list[str]:
        return [message.token for message in self.sent if isinstance(message, ExecutionScheduled)]


@pytest.fixture
async def bus() -> AsyncIterator[Recorder]:
    bus = Recorder()
    await bus.start()
    yield bus
    await bus.stop()


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    settings = Settings(database_url=database_url, sweep_seconds=0.05, outbox_stale_seconds=0.1)
    store = Store(settings, source="attune/test")
    await store.open()
    yield store
    await store.close()


async def _leave(store: Store, *tokens: str) -> None:
    """Jobs in one message of the outbox that nobody has published."""
    async with store.unit() as unit:
        for token in tokens:
            id = await unit.fetchval(_EXECUTION, token)
            job = ExecutionScheduled(
                execution_id=id,
                attempt=1,
                token=token,
                action_ref="t.a",
                pack_ref="t",
                pack_digest="d",
                runtime="native",
            )
            unit.emit(job, "default")


async def _left(store: Store) -> int:
    async with store.connection() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM attune.outbox"))


async def _until_empty(store: Store) -> None:
    async def empty() -> bool:
        return await _left(store) == 0

    await until(empty, 10, "the outbox is empty")


async def test_a_job_that_was_never_sent_is_sent_once(store: Store, bus: Recorder) -> None:
    await _leave(store, "a", "b")
    relays = [Relay(store, bus) for _ in range(2)]
    for relay in relays:
        await relay.start()
    await _until_empty(store)
    for relay in relays:
        await relay.stop()
    assert bus.tokens == ["a", "b"]


async def test_a_job_that_somebody_has_by_now_is_not_sent_again(store: Store, bus: Recorder) -> None:
    await _leave(store, "taken", "over", "waits", "replaced")
    async with store.unit() as unit:
        await unit.execute("UPDATE attune.execution SET status = 'running', lease_until = now() WHERE token = 'taken'")
        await unit.execute("UPDATE attune.execution SET status = 'completed' WHERE token = 'over'")
        await unit.execute("UPDATE attune.execution SET token = 'another' WHERE token = 'replaced'")
    relay = Relay(store, bus)
    await relay.start()
    await _until_empty(store)
    await relay.stop()
    assert bus.tokens == ["waits"]


async def test_a_job_may_stand_in_a_queue_that_is_not_empty(store: Store, bus: Recorder) -> None:
    await bus.declare(topology.worker("default", 1))
    await _leave(store, "first")
    async with store.connection() as connection:
        [wire] = await outbox.lock(connection, [await connection.fetchval("SELECT id FROM attune.outbox")])
    await bus.publish([wire.wire])
    async with store.unit() as unit:
        unit.emit(EventCreated(event_id=1, trigger_ref="t.t"))
    relay = Relay(store, bus)
    await relay.start()

    async def only_the_job_is_left() -> bool:
        return any(isinstance(message, EventCreated) for message in bus.sent) and await _left(store) == 1

    await until(only_the_job_is_left, 10)
    await relay.stop()
    assert bus.tokens == ["first"]


async def test_a_job_waits_for_what_workers_have_said(store: Store, bus: Recorder) -> None:
    """A report that nobody has read yet may tell of it."""
    await bus.declare(topology.executor("execution.completed"))
    given = {"execution_id": 1, "attempt": 1, "token": "other", "status": "succeeded", "worker": "w"}
    await bus.publish(pack([(ExecutionCompleted(**given), "")], "test"))
    await _leave(store, "a")
    left = LeftJobs(store, bus)
    left._database_back = float("-inf")

    async def swept() -> bool:
        return await left.sweep([]) > 0

    begin = monotonic()
    await until(swept, 10)
    assert monotonic() - begin >= 10 * store.settings.sweep_seconds


async def test_a_job_waits_longer_when_the_database_was_away(store: Store, bus: Recorder) -> None:
    async def swept() -> bool:
        return await left.sweep([]) > 0

    left = LeftJobs(store, bus)
    for least, prepare in ((5, left.distrust), (0.6, left.forget)):
        await _leave(store, f"after {least}")
        prepare()
        begin = monotonic()
        await until(swept, 10)
        assert monotonic() - begin >= least * store.settings.sweep_seconds
        left._database_back = float("-inf")


async def test_a_job_waits_longer_when_the_database_was_away_between_two_sweeps(
    store: Store, bus: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another relay may have published it and not been able to delete it."""
    found, back = outbox.stale_jobs, float("-inf")

    async def of_a_server_that_started(*given: Any) -> list[dict[str, Any]]:
        """Clocks drift: its age is told a little smaller each time."""
        age = 0.9 * (monotonic() - back)
        return [{**row, "server_start": back, "server_age": age} for row in await found(*given)]

    async def swept() -> bool:
        return await left.sweep([]) > 0

    monkeypatch.setattr(outbox, "stale_jobs", of_a_server_that_started)
    left = LeftJobs(store, bus)
    left._database_back = float("-inf")
    await _leave(store, "a")

    async def seen() -> bool:
        assert not await swept()
        return bool(left._seen)

    await until(seen, 10)
    back = begin = monotonic()
    await until(swept, 10)
    assert monotonic() - begin >= 5 * store.settings.sweep_seconds


async def test_what_is_published_is_deleted_in_the_end_and_not_published_again(
    store: Store, bus: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete, refusals = outbox.delete, [asyncpg.ConnectionDoesNotExistError("away")] * 3

    async def sometimes(connection: Any, ids: Sequence[int]) -> None:
        if refusals:
            raise refusals.pop()
        await delete(connection, ids)

    monkeypatch.setattr(outbox, "delete", sometimes)
    relay = Relay(store, bus)
    await relay.start()
    async with store.unit() as unit:
        unit.emit(EventCreated(event_id=1, trigger_ref="t.t"))
    await _until_empty(store)
    await relay.stop()
    assert len(bus.sent) == 1
