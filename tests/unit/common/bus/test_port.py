"""The bound around the broker: what libraries raise becomes one error, what callers cancel stays cancelled."""

from __future__ import annotations

import asyncio

import aiormq
import pytest

from attune_common.bus.bus import BusUnavailable
from attune_common.bus.rabbitmq.port import bounded


@pytest.mark.parametrize(
    "problem",
    [
        asyncio.CancelledError(),
        TimeoutError(),
        ConnectionResetError(),
        aiormq.exceptions.AMQPConnectionError(),
        aiormq.exceptions.ChannelInvalidStateError(),
        aiormq.exceptions.DeliveryError(None, aiormq.spec.Basic.Nack(1)),
        RuntimeError("closed"),
        Exception(),
    ],
)
async def test_whatever_a_library_raises_is_one_error(problem: BaseException) -> None:
    with pytest.raises(BusUnavailable, match="look"):
        async with bounded("look"):
            raise problem
    await asyncio.sleep(0)


async def test_what_takes_too_long_ends() -> None:
    with pytest.raises(BusUnavailable, match=r"0\.01 s"):
        async with bounded("look", 0.01):
            await asyncio.Event().wait()


async def test_a_cancelled_caller_stays_cancelled() -> None:
    async def wait() -> None:
        async with bounded("look"):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_callers_own_deadline_is_his() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01), bounded("look"):
            await asyncio.Event().wait()


async def test_a_bug_is_no_unavailable_broker() -> None:
    with pytest.raises(ValueError, match="mine"):
        async with bounded("look"):
            raise ValueError("mine")
