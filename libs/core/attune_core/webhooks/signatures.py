"""Signatures over the body: HMAC-SHA256 in hex, most of them over a time as well."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from typing import Final

from attune_core.webhooks.delivery import Delivery, Proof

ATTUNE_HEADER: Final = "x-attune-signature"
_TIME: Final = re.compile(r"[0-9]{1,12}\Z")
_HEX: Final = re.compile(r"[0-9a-f]{64}\Z")
_MOST: Final = 8
_LONGEST: Final = 1024


def sign(secret: bytes, timestamp: int, body: bytes) -> str:
    """The value of X-Attune-Signature for a body sent at `timestamp` (unix seconds)."""
    return f"t={timestamp},v1={_digest(secret, f'{timestamp}.'.encode(), body)}"


def attune(delivery: Delivery, secrets: Sequence[bytes]) -> Proof | None:
    """`X-Attune-Signature: t=<unix seconds>,v1=<hex of "t.body">`."""
    return _timed_list(delivery, secrets, delivery.header(ATTUNE_HEADER))


def stripe(delivery: Delivery, secrets: Sequence[bytes]) -> Proof | None:
    """`Stripe-Signature: t=...,v1=...,v1=...,v0=...`: one v1 for each secret that Stripe has while it changes."""
    return _timed_list(delivery, secrets, delivery.header("stripe-signature"))


def github(delivery: Delivery, secrets: Sequence[bytes]) -> Proof | None:
    """`X-Hub-Signature-256: sha256=<hex of the body>`. No time is signed: a body counts once."""
    given = delivery.header("x-hub-signature-256").removeprefix("sha256=").lower()
    found = _fitting([given], (_digest(secret, b"", delivery.body) for secret in secrets))
    return None if found is None else Proof(found)


def slack(delivery: Delivery, secrets: Sequence[bytes]) -> Proof | None:
    """`X-Slack-Signature: v0=<hex of "v0:time:body">` with `X-Slack-Request-Timestamp`."""
    time = delivery.header("x-slack-request-timestamp")
    given = delivery.header("x-slack-signature").removeprefix("v0=").lower()
    digests = (_digest(secret, f"v0:{time[:12]}:".encode(), delivery.body) for secret in secrets)
    return _fresh(delivery, time, _fitting([given], digests))


def _timed_list(delivery: Delivery, secrets: Sequence[bytes], header: str) -> Proof | None:
    pairs = [part.strip().partition("=") for part in header[:_LONGEST].split(",")][:_MOST]
    times = [value for name, _, value in pairs if name == "t"]
    time = times[0][:13] if len(times) == 1 else ""
    given = [value.lower() for name, _, value in pairs if name == "v1"]
    digests = (_digest(secret, f"{time}.".encode(), delivery.body) for secret in secrets)
    return _fresh(delivery, time, _fitting(given, digests))


def _digest(secret: bytes, before: bytes, body: bytes) -> str:
    return hmac.new(secret, before + body, hashlib.sha256).hexdigest()


def _fitting(given: Sequence[str], wanted: Iterable[str]) -> str | None:
    """The given signature that is one of the wanted; all of them are compared."""
    plain = [one if _HEX.match(one) else "0" * 64 for one in given]
    fits = [one for good in wanted for one in plain if hmac.compare_digest(one, good)]
    return fits[0] if fits else None


def _fresh(delivery: Delivery, time: str, signature: str | None) -> Proof | None:
    if signature is None or not _TIME.match(time) or abs(delivery.now - int(time)) > delivery.tolerance:
        return None
    return Proof(signature, int(time) + delivery.tolerance)
