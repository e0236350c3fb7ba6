"""The smallest actions: nothing, an echo, a pause, a failure, the time, an id."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attune_common.hosting.failure import ActionFailure

if TYPE_CHECKING:
    from attune_worker.runtimes.base import Attempt


async def noop(_attempt: Attempt, /, **_parameters: Any) -> None:
    """Nothing."""


async def echo(_attempt: Attempt, /, **parameters: Any) -> dict[str, Any]:
    """The parameters as they came."""
    return parameters


async def sleep(_attempt: Attempt, /, seconds: float = 1.0, result: Any = None) -> Any:
    """`result` after so many seconds."""
    await asyncio.sleep(max(0.0, float(seconds)))
    return result if result is not None else {"seconds": seconds}


async def fail(
    _attempt: Attempt, /, type: str = "failed", message: str = "failed as asked", details: Any = None
) -> None:
    """Errors: the one that is asked for."""
    raise ActionFailure(type, message, **({} if details is None else {"details": details}))


async def now(_attempt: Attempt, /, timezone: str = "UTC", offset_seconds: float = 0.0) -> dict[str, Any]:
    """The time in a zone, in three forms."""
    try:
        zone = ZoneInfo(timezone)
        moment = (datetime.now(UTC) + timedelta(seconds=offset_seconds)).astimezone(zone)
    except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError) as problem:
        raise ActionFailure("input_error", f"no such time: {timezone!r}, {offset_seconds} s: {problem}") from problem
    return {"iso": moment.isoformat(), "date": moment.date().isoformat(), "epoch": moment.timestamp()}


async def new_uuid(_attempt: Attempt, /) -> dict[str, str]:
    """A random UUID."""
    return {"uuid": str(uuid.uuid4())}
