"""A shared word in a header: it proves who sends, not what, nor that it is sent for the first time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

from attune_core.webhooks.delivery import Delivery, Proof, Verifier

DEFAULT_HEADER: Final = "x-attune-token"


def gitlab(delivery: Delivery, secrets: Sequence[bytes]) -> Proof | None:
    """`X-Gitlab-Token: <secret>`."""
    return _same(delivery.header("x-gitlab-token"), secrets)


def in_header(name: str) -> Verifier:
    """`<name>: <secret>`, or `Authorization: Bearer <secret>`."""

    def token(delivery: Delivery, secrets: Sequence[bytes]) -> Proof | None:
        bearer = delivery.header("authorization")
        scheme, _, word = bearer.partition(" ")
        given = delivery.header(name.lower()) or (word.strip() if scheme.lower() == "bearer" else "")
        return _same(given, secrets)

    return token


def _same(given: str, secrets: Sequence[bytes]) -> Proof | None:
    """Digests are compared, so that the time tells nothing of a secret's length either."""
    digest = hashlib.sha256(given.encode("utf-8", "surrogateescape")).digest()
    fits = [hmac.compare_digest(digest, hashlib.sha256(secret).digest()) for secret in secrets]
    return Proof() if any(fits) and given else None
