"""An executor that slept, with its host or alone, does not take the silence meanwhile for a sign of death."""

from __future__ import annotations

import asyncio
import contextlib
from typing import cast

import pytest
from tests.support.waiting import until

from attune_common.bus import topology
from attune_common.bus.bus import Delivery
from attune_common.bus.memory import MemoryBus
from attune_common.contracts.envelope import pack
from attune_common.contracts.worker import WorkerHeartbeat
from attune_common.runtime.clock import utcnow
from attune_common.runtime.settings import Settings
from attune_common.store.store import Store
from attune_executor import calm
from attune_executor.calm import Calm
from attune_executor.context import Context


@pytest.mark.parametrize("clock", ["monotonic", "wall"])
async def test_a_long_sleep_is_a_disturbance(clock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(heartbeat_seconds=0.05)
    quiet = Calm(Context(Store(settings), MemoryBus(), settings))
    monkeypatch.setattr(calm, "_PULSE", 0.01)
    watching = asyncio.create_task(quiet.watch())
    await until(quiet.holds, 5, "it is calm")
    real = getattr(calm, clock)
    monkeypatch.setattr(calm, clock, lambda: real() + 60)

    async def disturbed() -> bool:
        return not quiet.present_for(0.05)

    await until(disturbed, 5, "it is disturbed")
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching


async def test_reports_that_wait_are_read_before_anybody_is_given_up() -> None:
    """A queue that is never empty is no reason to wait for ever: what lay in it has to be gone, not what came since."""
    settings, bus = Settings(heartbeat_seconds=0.05), MemoryBus()
    quiet = Calm(Context(Store(settings), bus, settings))
    subscription = topology.executor("worker.heartbeat")
    await bus.start()
    await bus.declare(subscription)
    await until(quiet.holds, 5, "it is calm")
    for _ in range(3):
        await bus.publish(pack([(WorkerHeartbeat(worker="w", pools=[], tokens=[], started_at=utcnow()), "")], "test"))
    assert (await bus.depth(subscription.queue))[0] == 3

    async def behind() -> bool:
        return not await quiet.holds()

    await until(behind, 5, "what waits is in the way")
    [(_, handler)] = quiet.counting([(subscription, _take)])

    async def read_on() -> bool:
        await handler([None] * (3 + subscription.prefetch))  # type: ignore[list-item]
        return await quiet.holds()

    await until(read_on, 5, "what waited at some moment was read, though there is more")
    assert (await bus.depth(subscription.queue))[0] == 3
    await bus.stop()


async def test_what_is_done_before_its_turn_counts_when_its_turn_comes() -> None:
    """Batches overlap: a later one may be stored first, while an earlier one is still in hand."""
    settings = Settings(heartbeat_seconds=0.05)
    quiet = Calm(Context(Store(settings), MemoryBus(), settings))
    waits = [asyncio.get_running_loop().create_future() for _ in range(4)]
    order = iter(waits)
    subscription = topology.executor("execution.completed")
    [(_, handler)] = quiet.counting([(subscription, lambda _: next(order))])
    taken = [cast("list[Delivery]", [None] * count) for count in (1, 10, 100, 1000)]
    batches = [asyncio.ensure_future(handler(deliveries)) for deliveries in taken]
    await asyncio.sleep(0)

    async def end(place: int, problem: Exception | None = None) -> int:
        waits[place].set_exception(problem) if problem else waits[place].set_result(None)
        await asyncio.wait([batches[place]])
        return quiet._handled[subscription.queue]

    assert await end(1) == 0
    assert await end(3) == 0
    assert await end(0) == 11
    assert await end(2, RuntimeError("comes again")) == 1011
    assert isinstance(batches[2].exception(), RuntimeError)


async def _take(_: list[Delivery]) -> None:
    """Done."""
