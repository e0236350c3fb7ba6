"""Who may listen: the API knows, and is asked once a minute per token."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import httpx2

Authorise = Callable[[str], Awaitable[bool]]
"""Whether the bearer token may read. Errors: AccessUnknown."""

KEPT_SECONDS = 60.0
_REFUSAL_KEPT_SECONDS = 5.0
_MOST_TOKENS = 1_000
_TIMEOUT_SECONDS = 4.0


class AccessUnknown(Exception):
    """The API that knows the tokens does not answer."""


async def trusted(_token: str) -> bool:
    """For a stream that is served behind the API's own check."""
    return True


class ApiAccess:
    """Asks `GET {api_url}/api/v1/whoami` with the token. Keeps a digest of the token, never the token."""

    def __init__(self, api_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = f"{api_url.rstrip('/')}/api/v1/whoami"
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[bool, float]] = OrderedDict()
        self._http: httpx2.AsyncClient | None = None

    async def __call__(self, token: str) -> bool:
        if not token:
            return False
        digest = hashlib.sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is not None and known[1] > self._clock():
            return known[0]
        allowed = await self._ask(token)
        self._remember(digest, allowed)
        return allowed

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def _ask(self, token: str) -> bool:
        if self._http is None:
            self._http = httpx2.AsyncClient(timeout=_TIMEOUT_SECONDS)
        try:
            answer = await self._http.get(self._url, headers={"Authorization": f"Bearer {token}"})
        except httpx2.HTTPError as problem:
            raise AccessUnknown(f"the API does not answer at {self._url}: {problem!r}") from problem
        if answer.status_code in (401, 403):
            return False
        if answer.status_code != 200:
            raise AccessUnknown(f"the API answers {answer.status_code} at {self._url}")
        return "read" in answer.json().get("permissions", ())

    def _remember(self, digest: bytes, allowed: bool) -> None:
        kept = KEPT_SECONDS if allowed else _REFUSAL_KEPT_SECONDS
        self._known[digest] = (allowed, self._clock() + kept)
        self._known.move_to_end(digest)
        if len(self._known) > _MOST_TOKENS:
            self._known.popitem(last=False)
