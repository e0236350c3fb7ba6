"""A call and its answer as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from attune_common.runtime.limits import MIB


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`timeout`: seconds for the whole call, redirects and body included. `max_bytes`: of the inflated body."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    timeout: float = 30.0
    max_bytes: int = 8 * MIB
    follow_redirects: bool = True
    verify: bool = True


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """`headers` by lower-case name, repeated ones joined with a comma; `url` is where it came from in the end."""

    status: int
    headers: dict[str, str]
    body: bytes
    url: str
    elapsed: float
    encoding: str


def bearer(token: str) -> dict[str, str]:
    """The header of a token; none for an empty one."""
    return {"Authorization": f"Bearer {token}"} if token else {}
