"""`core.wait_until`: a time that comes. It is told as a point in time, so that another worker can go on with it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attune_common.hosting.failure import ActionFailure
from attune_common.runtime.clock import monotonic, utcnow

if TYPE_CHECKING:
    from attune_worker.runtimes.base import Attempt

_LONGEST_SLEEP = 60.0
"""Clocks are set and machines sleep: the time is looked at again and again."""


async def wait_until(_attempt: Attempt, /, time: str | float, timezone: str = "UTC") -> dict[str, Any]:
    """`{time, waited}`. Errors: ActionFailure `input_error`."""
    moment, began = point_in_time(time, timezone), monotonic()
    while (left := (moment - utcnow()).total_seconds()) > 0:  # noqa: ASYNC110 (time is what is waited for)
        await asyncio.sleep(min(left, _LONGEST_SLEEP))
    return {"time": moment.isoformat().replace("+00:00", "Z"), "waited": round(monotonic() - began, 3)}


def point_in_time(time: str | float, timezone: str) -> datetime:
    """In UTC. Errors: ActionFailure `input_error`."""
    try:
        if not isinstance(time, str):
            return datetime.fromtimestamp(time, UTC)
        given = datetime.fromisoformat(time.strip())
        local = given if given.tzinfo else given.replace(tzinfo=ZoneInfo(timezone))
        return local.astimezone(UTC)
    except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError) as problem:
        raise ActionFailure("input_error", f"no such time: {time!r} in {timezone!r}: {problem}") from problem
