"""What a webhook brings, and what is known once its sender is proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Delivery:
    """`headers` by lower-case name; `body` exactly as it came. `now` in unix seconds.

    `tolerance`: how many seconds a signed time may be off, to either side.
    """

    headers: Mapping[str, str]
    body: bytes
    now: float
    tolerance: float = 300.0

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class Proof:
    """The delivery came from someone who has the secret.

    `nonce`: what an honest sender sends once only; empty when the scheme has nothing of the kind. `until`: the unix
    time from which a replay is refused for its age; None when its age is not signed.
    """

    nonce: str = ""
    until: float | None = None


class Verifier(Protocol):
    """Does the same work whatever is wrong, as long as there is a secret to try."""

    def __call__(self, delivery: Delivery, secrets: Sequence[bytes]) -> Proof | None: ...
