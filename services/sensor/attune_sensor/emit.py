"""From what a sensor says to stored events: in its order, in batches, again until the API has them.

An outlet outlives the process of its sensor: what was said before a crash, or before the API went away, is sent under
the next lease of the same service. Each event has its key from the start, so sending it twice makes one event.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from attune_common.contracts.sensor import EmitRequest, Verdict
from attune_common.runtime import json
from attune_sensor.api import ApiAway, ApiRefused, SensorApi
from attune_sensor.protocol import LONGEST_LINE, Said

_AT_ONCE = 200
_BYTES_AT_ONCE = LONGEST_LINE // 2
_MOST_WAITING = 2_000
_MOST_BYTES = 16 * 1024 * 1024
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 3.0
Answer = Callable[[Verdict], None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    said: Said
    size: int
    answer: Answer


class Outlet:
    """What one sensor said and the API does not have yet."""

    def __init__(self, ref: str, api: SensorApi) -> None:
        self._ref, self._api = ref, api
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._arrived, self._room, self._settled = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._room.set()
        self._settled.set()

    def __len__(self) -> int:
        return len(self._waiting)

    async def put(self, said: Said, size: int, answer: Answer) -> None:
        """Take it in; waits while there is no room, so that the sensor waits too. `answer` is called once."""
        await self._room.wait()
        self._waiting.append(_Waiting(said, size, answer))
        self._bytes += size
        self._arrived.set()
        self._settled.clear()
        if len(self._waiting) >= _MOST_WAITING or self._bytes >= _MOST_BYTES:
            self._room.clear()

    async def settled(self) -> None:
        """Until nothing waits: what was said is stored or refused, and the state is the one that was saved last."""
        await self._settled.wait()

    async def send(self, token: str) -> None:
        """Send under this token, until cancelled. Errors: LeaseLost."""
        while True:
            await self._arrived.wait()
            if not self._waiting:
                self._arrived.clear()
                continue
            await self._send_batch(self._batch(), token)

    async def empty(self, token: str) -> None:
        """Send what waits. Errors: LeaseLost."""
        while self._waiting:
            await self._send_batch(self._batch(), token)

    def _batch(self) -> list[_Waiting]:
        """Events up to the first state; the state goes with them."""
        batch: list[_Waiting] = []
        size = 0
        for entry in self._waiting:
            size += entry.size
            if batch and (len(batch) == _AT_ONCE or size > _BYTES_AT_ONCE):
                break
            batch.append(entry)
            if entry.said.state is not None:
                break
        return batch

    async def _send_batch(self, batch: list[_Waiting], token: str) -> None:
        try:
            verdicts = await self._deliver(batch, token)
        except ApiRefused as refused:
            if len(batch) > 1:
                for entry in batch:
                    await self._send_batch([entry], token)
                return
            verdicts = [Verdict(error={"code": refused.code, "message": refused.message})]
        for entry, verdict in zip(batch, verdicts, strict=True):
            self._settle(entry, verdict)

    async def _deliver(self, batch: list[_Waiting], token: str) -> list[Verdict]:
        """A verdict for each. Errors: LeaseLost, ApiRefused."""
        events = [entry.said.event for entry in batch if entry.said.event is not None]
        request = EmitRequest(token=token, events=events, state=batch[-1].said.state)
        pause = _FIRST_PAUSE
        while True:
            try:
                verdicts = iter((await self._api.emit(self._ref, request)).verdicts)
                return [Verdict() if entry.said.event is None else next(verdicts) for entry in batch]
            except ApiAway:
                await asyncio.sleep(random.uniform(pause / 2, pause))
                pause = min(_LONGEST_PAUSE, pause * 2)

    def _settle(self, entry: _Waiting, verdict: Verdict) -> None:
        """Entries leave in the order in which they came."""
        self._waiting.popleft()
        self._bytes -= entry.size
        if len(self._waiting) < _MOST_WAITING // 2 and self._bytes < _MOST_BYTES // 2:
            self._room.set()
        if not self._waiting:
            self._settled.set()
        entry.answer(verdict)


def encoded(message: dict[str, object]) -> bytes:
    """A line for a sensor."""
    return json.dumps(message) + b"\n"
