"""Asking whether an attempt may begin that must not run twice: many in one request, again until there is an answer.

A job comes again when a connection breaks, or when nobody has accepted it for long. For most actions that is a second
run; for these the API lets one worker begin, and whoever else has the job lets go of it.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from attune_common.hosting.outgoing.client import HttpClient
from attune_common.hosting.outgoing.failure import RequestFailed
from attune_common.hosting.outgoing.request import HttpRequest, bearer
from attune_common.runtime import json, lifecycle, logging, metrics
from attune_common.runtime.settings import Settings
from attune_worker.jobs import Job

_CALL_SECONDS, _LONGEST_CALL = 4.0, 15.0
"""An API that is too busy to answer in time would be asked in vain for ever: it gets more time with each try."""
_AT_ONCE = 200
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_REFUSED = metrics.counter("worker_claims_refused_total", "Jobs that another worker had begun, or that were over")
log = logging.get("worker.claims")


@dataclass(frozen=True, slots=True)
class _Wish:
    job: Job
    granted: asyncio.Future[bool]


class Claims:
    """One request at a time; what is asked for meanwhile goes into the next."""

    def __init__(self, api: HttpClient, settings: Settings) -> None:
        self._api, self._settings = api, settings
        self._wishes: list[_Wish] = []
        self._asking: asyncio.Task[None] | None = None
        self._unanswered = False
        self._patience = _CALL_SECONDS

    async def ask(self, job: Job) -> bool:
        """Whether the job may begin. Waits for the API as long as it takes; whoever cannot wait cancels."""
        job.claim = secrets.token_hex(8)
        wish = _Wish(job, asyncio.get_running_loop().create_future())
        self._wishes.append(wish)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_until_answered(), name="worker-claims")
        granted = await wish.granted
        if not granted:
            _REFUSED.inc()
        return granted

    async def stop(self) -> None:
        if self._asking is not None:
            await lifecycle.cancel([self._asking])

    async def _ask_until_answered(self) -> None:
        pause = _FIRST_PAUSE
        while self._wishes:
            asked = self._wishes[:_AT_ONCE]
            tokens = await self._answer(asked)
            if tokens is None:
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                pause = _FIRST_PAUSE
                _settle(asked, tokens)
            self._wishes = [wish for wish in self._wishes if not wish.granted.done()]

    async def _answer(self, asked: Sequence[_Wish]) -> frozenset[str] | None:
        """The tokens that were granted; None when nobody knows."""
        try:
            response = await self._api.send(self._request(asked))
        except RequestFailed as failed:
            self._note(failed.message)
            self._patience = min(2 * self._patience, _LONGEST_CALL)
            return None
        if response.status != 200:
            self._note(f"it answered {response.status}")
            return None
        self._unanswered, self._patience = False, _CALL_SECONDS
        return frozenset(json.loads(response.body)["tokens"])

    def _note(self, problem: str) -> None:
        """One line for each time that the API is away."""
        if not self._unanswered:
            log.warning("claims_unanswered", problem=problem)
        self._unanswered = True

    def _request(self, asked: Sequence[_Wish]) -> HttpRequest:
        url = f"{self._settings.api_url.rstrip('/')}/api/v1/workers/claims"
        headers = {**bearer(self._settings.api_token), "Content-Type": "application/json"}
        body: dict[str, Any] = {"worker": self._settings.worker_name, "claims": [_claim(wish.job) for wish in asked]}
        return HttpRequest(
            "POST", url, headers=headers, body=json.dumps(body), timeout=self._patience, follow_redirects=False
        )


def _claim(job: Job) -> dict[str, Any]:
    return {"execution_id": job.spec.execution_id, "token": job.spec.token, "claim": job.claim}


def _settle(asked: Sequence[_Wish], tokens: frozenset[str]) -> None:
    for wish in asked:
        if not wish.granted.done():
            wish.granted.set_result(wish.job.spec.token in tokens)
