"""An executor that slept, with its host or alone, does not take the silence meanwhile for a sign of death."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from tests.support.waiting import until

from attune_common.bus.memory import MemoryBus
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
