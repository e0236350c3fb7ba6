"""The bound around every await on the broker: it ends in time, and in one kind of error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from attune_common.bus.bus import BusUnavailable

BOUND = 4.0
SILENCE = 8.0

patience: ContextVar[float] = ContextVar("attune_bus_patience", default=1.0)
"""How many times its bound whatever is bounded in this task may take: on a host that is far too busy, a connection that
always gets the same few seconds is never made."""


@asynccontextmanager
async def bounded(what: str, seconds: float = BOUND) -> AsyncIterator[None]:
    """Run the block for `seconds` times the `patience`. Errors: BusUnavailable for whatever the libraries raise.

    They raise CancelledError too when a connection freezes or closes: that is no cancellation of the caller. A
    call that was under way when aiormq closed its connection ends with a bare Exception.
    """
    seconds *= patience.get()
    try:
        async with asyncio.timeout(seconds):
            yield
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise BusUnavailable(f"{what}: the connection was lost") from None
    except TimeoutError as problem:
        raise BusUnavailable(f"{what}: no answer within {seconds:g} s") from problem
    except CONNECTION_EXCEPTIONS as problem:
        raise BusUnavailable(f"{what}: {type(problem).__name__}: {problem}") from problem
    except Exception as problem:
        if type(problem) is not Exception:
            raise
        raise BusUnavailable(f"{what}: the connection was lost") from problem
