"""Signatures of webhooks: `t=<unix seconds>,v1=<hex HMAC-SHA256(secret, t + "." + body)>`."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

_TIME = re.compile(r"[0-9]{1,12}\Z")
_HEX = re.compile(r"[0-9a-f]{64}\Z")
_MOST = 8


def sign(secret: bytes, timestamp: int, body: bytes) -> str:
    """The header's value for a body sent at `timestamp` (unix seconds)."""
    return f"t={timestamp},v1={_digest(secret, str(timestamp), body)}"


def matching(header: str, body: bytes, secrets: Sequence[bytes], now: float, tolerance: float) -> str | None:
    """The signature of the header that one of the secrets makes; None when none does, or when it is not of now."""
    time, given = _parts(header)
    wanted = [_digest(secret, time, body) for secret in secrets]
    fits = [one for one in given for good in wanted if hmac.compare_digest(one, good)]
    is_fresh = bool(time) and abs(now - int(time)) <= tolerance
    return fits[0] if fits and is_fresh else None


def _digest(secret: bytes, time: str, body: bytes) -> str:
    return hmac.new(secret, time.encode() + b"." + body, hashlib.sha256).hexdigest()


def _parts(header: str) -> tuple[str, list[str]]:
    """(time, v1 signatures); ("", ...) when the header has no single valid time."""
    pairs = [part.strip().partition("=") for part in header[:1024].split(",")][:_MOST]
    times = [value for name, _, value in pairs if name == "t" and _TIME.match(value)]
    given = [value.lower() for name, _, value in pairs if name == "v1" and _HEX.match(value.lower())]
    return (times[0] if len(times) == 1 else ""), given
