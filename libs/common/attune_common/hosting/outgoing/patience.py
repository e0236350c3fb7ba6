"""Asking the platform's own API: one that is away for a moment, as while it is replaced, is asked again.

Whoever runs accepted work must not fail it because of that.
"""

from __future__ import annotations

import asyncio
import random

from attune_common.hosting.outgoing.client import HttpClient
from attune_common.hosting.outgoing.failure import RequestFailed
from attune_common.hosting.outgoing.request import HttpRequest, HttpResponse
from attune_common.runtime import json
from attune_common.runtime.clock import Deadline

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 3.0
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_PASSING_FAILURES = frozenset({"connection_error", "timeout"})


class Unanswered(Exception):
    """`message`: what was in the way the last time."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


async def answer(client: HttpClient, request: HttpRequest, seconds: float, *, twice: bool = True) -> HttpResponse:
    """The first answer that would not be another one in a moment, within `seconds` and one last call.

    `twice=False`: what may have arrived is not sent again. Errors: Unanswered.
    """
    deadline, pause = Deadline(seconds), _FIRST_PAUSE
    while True:
        try:
            response = await client.send(request)
        except RequestFailed as failed:
            problem, final = failed.message, failed.type not in _PASSING_FAILURES or (failed.sent and not twice)
        else:
            if response.status not in _PASSING or not twice:
                return response
            problem, final = _told(response), False
        if final or deadline.over:
            raise Unanswered(problem)
        await asyncio.sleep(random.uniform(pause / 2, pause))
        pause = min(2 * pause, _LONGEST_PAUSE)


def problem_of(response: HttpResponse) -> dict[str, object]:
    """The members of the problem that the API answers with; none where something else answered."""
    try:
        told = json.loads(response.body)
    except json.DataError:
        return {}
    return told if isinstance(told, dict) else {}


def _told(response: HttpResponse) -> str:
    return str(problem_of(response).get("detail") or f"the API answered {response.status}")
