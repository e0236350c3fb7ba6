"""Ending tasks that do not hear the first time."""

from __future__ import annotations

import asyncio
import contextlib

from attune_common.runtime.lifecycle import cancel, run_service


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


def test_what_swallows_its_cancellation_does_not_keep_the_process() -> None:
    """As a connection does that was being made to a broker that is frozen."""
    asked: list[None] = []

    async def stubborn() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        asked.append(None)
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            asked.append(None)

    async def main(_: asyncio.Event) -> None:
        kept.append(asyncio.create_task(stubborn()))
        await asyncio.sleep(0)

    kept: list[asyncio.Task[None]] = []
    run_service(main)
    assert len(asked) == 2
