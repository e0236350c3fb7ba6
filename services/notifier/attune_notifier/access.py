"""Who may listen, and to what: the API knows, and is asked no more than once a minute per token."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from attune_notifier.entries import Entry

KEPT_SECONDS = 60.0
_REFUSAL_KEPT_SECONDS = 5.0
_MOST_TOKENS = 1_000
_MOST_THINGS = 20_000
_TIMEOUT_SECONDS = 4.0


class AccessUnknown(Exception):
    """The API that knows the tokens does not answer."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a token lets one see: everything, or what belongs to these packs and to oneself."""

    everything: bool
    packs: frozenset[str] = frozenset()


Authorise = Callable[[str], Awaitable[Sight | None]]
"""What the bearer of a token may see; None when it may not listen at all. Errors: AccessUnknown."""

Look = Callable[[str, str, int], Awaitable[bool]]
"""Whether the bearer of a token may see the execution or run with this number. Errors: AccessUnknown."""


Take = Callable[[str], Awaitable[str]]
"""The token that a ticket stands for, this one time; "" when it stands for none. Errors: AccessUnknown."""


class ApiAccess:
    """Asks the API at `api_url` with the token itself. Keeps a digest of the token, never the token."""

    def __init__(self, api_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = f"{api_url.rstrip('/')}/api/v1"
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[Sight | None, float]] = OrderedDict()
        self._http: httpx2.AsyncClient | None = None

    async def __call__(self, token: str) -> Sight | None:
        if not token:
            return None
        digest = hashlib.sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is not None and known[1] > self._clock():
            return known[0]
        sight = await self._ask(token)
        self._remember(digest, sight)
        return sight

    async def may_see(self, token: str, noun: str, id: int) -> bool:
        answer = await self._get(token, f"/{noun}/{id}")
        if answer.status_code in (401, 403, 404):
            return False
        return self._expected(answer, answer.status_code == 200)

    async def take(self, ticket: str) -> str:
        answer = await self._send("POST", "/tickets/take", json={"ticket": ticket})
        if answer.status_code in (401, 422):
            return ""
        self._expected(answer, answer.status_code == 200)
        return str(answer.json()["token"])

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def _ask(self, token: str) -> Sight | None:
        answer = await self._get(token, "/whoami")
        if answer.status_code in (401, 403):
            return None
        self._expected(answer, answer.status_code == 200)
        return _sight(answer.json())

    async def _get(self, token: str, path: str) -> httpx2.Response:
        return await self._send("GET", path, headers={"Authorization": f"Bearer {token}"})

    async def _send(self, method: str, path: str, **rest: Any) -> httpx2.Response:
        if self._http is None:
            self._http = httpx2.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False)
        try:
            return await self._http.request(method, self._url + path, **rest)
        except httpx2.HTTPError as problem:
            raise AccessUnknown(f"the API does not answer at {self._url}: {problem!r}") from problem

    def _expected(self, answer: httpx2.Response, is_expected: bool) -> bool:
        if not is_expected:
            raise AccessUnknown(f"the API answers {answer.status_code} at {self._url}")
        return True

    def _remember(self, digest: bytes, sight: Sight | None) -> None:
        kept = KEPT_SECONDS if sight is not None else _REFUSAL_KEPT_SECONDS
        self._known[digest] = (sight, self._clock() + kept)
        self._known.move_to_end(digest)
        if len(self._known) > _MOST_TOKENS:
            self._known.popitem(last=False)


def _sight(who: dict[str, Any]) -> Sight | None:
    if "read" in who.get("permissions", ()):
        return Sight(True)
    packs = frozenset(pack for pack, held in (who.get("packs") or {}).items() if "read" in held)
    return Sight(False, packs) if packs else None


class Viewer:
    """One listener's eyes: what it may not see is not shown. `recheck` before a minute has passed."""

    def __init__(self, token: str, sight: Sight, authorise: Authorise, look: Look) -> None:
        self._token = token
        self._sight = sight
        self._authorise = authorise
        self._look = look
        self._seen: OrderedDict[tuple[str, int], bool] = OrderedDict()

    async def recheck(self) -> bool:
        """Whether it may still listen. What it has seen of single things is asked anew. Errors: AccessUnknown."""
        sight = await self._authorise(self._token)
        self._seen.clear()
        if sight is None:
            return False
        self._sight = sight
        return True

    async def sees(self, entry: Entry) -> bool:
        """Errors: AccessUnknown."""
        if self._sight.everything or (entry.pack and entry.pack in self._sight.packs):
            return True
        for noun, name in (("executions", "execution_id"), ("workflow-executions", "workflow_execution_id")):
            id = entry.data.get(name)
            if isinstance(id, int) and await self._may_see(noun, id):
                return True
        return False

    async def _may_see(self, noun: str, id: int) -> bool:
        known = self._seen.get((noun, id))
        if known is None:
            known = self._seen[(noun, id)] = await self._look(self._token, noun, id)
            if len(self._seen) > _MOST_THINGS:
                self._seen.popitem(last=False)
        return known
