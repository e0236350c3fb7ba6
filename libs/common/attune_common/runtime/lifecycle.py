"""How a process runs and ends: uvloop, the first signal asks to stop, the second one does not ask."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import uvloop

from attune_common.runtime import collector

Main = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_LAST_WORDS = 3.0
_ASK_AGAIN = 0.2


def run_service(main: Main) -> None:
    """Run `main(stopping)` to its end. `stopping` is set by the first SIGTERM or SIGINT.

    A second signal cancels `main`; what has not ended three seconds later is ended by leaving the process.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_guarded(main))


async def _guarded(main: Main) -> None:
    collector.tune()
    stopping = asyncio.Event()
    task = asyncio.ensure_future(main(stopping))
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if not stopping.is_set():
            stopping.set()
            return
        task.cancel()
        loop.call_later(_LAST_WORDS, os._exit, 1)

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal)
    try:
        await task
    except asyncio.CancelledError:
        if not stopping.is_set():
            raise
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        await _leave()


async def _leave() -> None:
    """End what libraries have left. The loop asks once and waits: for ever for a connection that was being made to a
    broker that is frozen, which swallows that to try again in some decades."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WORDS):
            await cancel(asyncio.all_tasks() - {asyncio.current_task()})


async def until_stopped(
    stopping: asyncio.Event,
    start: Callable[[], Awaitable[None]],
    stop: Callable[[float], Awaitable[None]],
    grace: float,
) -> None:
    """Start, wait for `stopping`, stop within `grace` seconds. Stops too when starting fails half way."""
    try:
        await start()
        await stopping.wait()
    finally:
        await stop(grace)


async def cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel the tasks and return when they have ended, whatever they ended with.

    A library below may swallow a cancellation that comes just when what it waits for has happened; so whoever
    does not end is asked again.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=_ASK_AGAIN)
        for task in done:
            if not task.cancelled():
                task.exception()


def being_cancelled() -> bool:
    """Whether a CancelledError was meant for the current task.

    A library may raise one when its connection freezes: a loop that takes it for its own end is gone for ever.
    """
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
