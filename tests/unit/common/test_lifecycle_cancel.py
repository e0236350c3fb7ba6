"""Ending tasks that do not hear the first time."""

from __future__ import annotations

import asyncio

from attune_common.runtime.lifecycle import cancel


async def _deaf_once() -> None:
    """Swallows one cancellation, as libraries do in a race."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.Event().wait()


async def _fails() -> None:
    raise ValueError("a loop that ended badly")


async def test_who_swallows_a_cancellation_is_asked_again() -> None:
    tasks = [asyncio.create_task(_deaf_once()), asyncio.create_task(_fails()), asyncio.create_task(asyncio.sleep(60))]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await cancel(tasks)
    assert all(task.done() for task in tasks)


async def test_nothing_to_cancel() -> None:
    await cancel([])
