"""How long to wait before the next attempt."""

from __future__ import annotations

from hashlib import sha256


def retry_delay(backoff: str, delay: float, retry: int, max_delay: float | None = None) -> float:
    """Seconds before retry number `retry` (from 1): constant, linear or exponential, capped by `max_delay`."""
    match backoff:
        case "linear":
            seconds = delay * retry
        case "exponential":
            seconds = delay * 2.0 ** min(retry - 1, 60)
        case _:
            seconds = delay
    return seconds if max_delay is None else min(seconds, max_delay)


def spread(seconds: float, jitter: float, *seed: object) -> float:
    """`seconds` moved by up to `jitter` (a fraction) either way; the same seed gives the same answer."""
    if jitter <= 0:
        return seconds
    digest = sha256("\x00".join(map(str, seed)).encode()).digest()
    roll = int.from_bytes(digest[:8], "big") / 2**64
    return seconds * (1 + jitter * (2 * roll - 1))
