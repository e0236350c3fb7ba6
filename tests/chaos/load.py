"""The client: starts workflows at a steady rate whatever happens, and insists with each key until it is accepted."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2

from attune_client.transport import Connections
from tests.chaos.flows import FLOWS, Flow

_TIMEOUT = 8.0
_AT_ONCE = 200


@dataclass(slots=True)
class Start:
    """One workflow that was asked for. `ids`: every id that the platform has given for its key."""

    key: str
    flow: Flow
    n: int
    asked: float
    accepted: float | None = None
    ids: set[int] = field(default_factory=set)


class Load:
    """`answers` counts status codes and kinds of failure."""

    def __init__(self, url: str, token: str, seed: int) -> None:
        self._dice = Random(seed)
        self._seed = seed
        self._http = httpx2.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=_TIMEOUT,
            transport=Connections(limits=httpx2.Limits(max_connections=_AT_ONCE)),
        )  # fmt: skip
        self._tasks: set[asyncio.Task[None]] = set()
        self.starts: list[Start] = []
        self.answers: Counter[str] = Counter()

    async def run(self, seconds: float, rate: float) -> None:
        """Open loop: no start waits for another."""
        begin = time.monotonic()
        while time.monotonic() - begin < seconds:
            self._begin()
            await asyncio.sleep(max(0.0, begin + len(self.starts) / rate - time.monotonic()))

    def _begin(self) -> None:
        number = len(self.starts)
        flow = self._dice.choices(FLOWS, [flow.weight for flow in FLOWS])[0]
        start = Start(f"chaos-{self._seed}-{number}", flow, self._dice.randrange(1, 1000), time.time())
        self.starts.append(start)
        task = asyncio.create_task(self._insist(start))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _insist(self, start: Start) -> None:
        while True:
            if await self._ask(start):
                break
            await asyncio.sleep(self._dice.uniform(0.2, 1.0))
        start.accepted = time.time()
        if self._dice.random() < 0.05:
            await self._ask(start)

    async def _ask(self, start: Start) -> bool:
        try:
            answer = await self._http.post(
                f"/api/v1/workflows/{start.flow.ref}/execute",
                json={"parameters": {"n": start.n}}, headers={"Idempotency-Key": start.key},
            )  # fmt: skip
        except httpx2.HTTPError as problem:
            self.answers[type(problem).__name__] += 1
            return False
        self.answers[str(answer.status_code)] += 1
        if answer.status_code not in (200, 202):
            return False
        body: dict[str, Any] = answer.json()
        start.ids.add(body["id"])
        return True

    async def until_accepted(self, within: float) -> None:
        """Wait for the starts that are still being asked for; give them up when none was accepted for so long."""
        while self._tasks:
            done, _ = await asyncio.wait(self._tasks, timeout=within, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                break
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()
