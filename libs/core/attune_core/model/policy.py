"""How long to wait before the next attempt."""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256
from typing import Final

LONGEST_WAIT: Final = 366 * 86_400
"""Seconds. What grows from try to try stops here at the latest."""


class Backoff(StrEnum):
    CONSTANT = "constant"
    LINEAR = "linear"
    EXPONENTIAL = "exponential"


def retry_delay(backoff: str, delay: float, retry: int, max_delay: float | None = None) -> float:
    """Seconds before retry number `retry` (from 1): constant, linear or exponential, up to `max_delay`."""
    match backoff:
        case "linear":
            seconds = delay * retry
        case "exponential":
            seconds = delay * 2.0 ** min(retry - 1, 60)
        case _:
            seconds = delay
    return min(seconds, LONGEST_WAIT if max_delay is None else max_delay)


def spread(seconds: float, jitter: float, *seed: object) -> float:
    """`seconds` moved by up to `jitter` (a fraction) either way; the same seed gives the same answer."""
    if jitter <= 0:
        return seconds
    digest = sha256("\x00".join(map(str, seed)).encode()).digest()
    roll = int.from_bytes(digest[:8], "big") / 2**64
    return seconds * (1 + jitter * (2 * roll - 1))
