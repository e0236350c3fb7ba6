"""What a sensor prints, and what the service says about it, on the way to where people read it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Literal

from attune_common.contracts.sensor import Line, LogRequest
from attune_common.hosting.lines import LineSplitter
from attune_common.hosting.masking import NOTHING, Masker, StreamMasker
from attune_common.runtime.clock import utcnow
from attune_sensor.api import ApiAway, ApiRefused, LeaseLost, SensorApi

_STREAMS: tuple[Literal["stdout", "stderr"], ...] = ("stdout", "stderr")
_AT_ONCE = 500
_MOST_WAITING = 2_000
_PAUSE = 0.5
_TAIL = 20


class SensorLog:
    """Bounded: of a flood the newest lines are kept, and how many were left out is said."""

    def __init__(self, ref: str, api: SensorApi, longest: int) -> None:
        self._ref, self._api, self._longest = ref, api, longest
        self._splitters = {name: LineSplitter(longest) for name in _STREAMS}
        self._masker = NOTHING
        self._maskers = {name: StreamMasker(NOTHING) for name in _STREAMS}
        self._waiting: deque[Line] = deque()
        self._left_out = 0
        self._arrived = asyncio.Event()
        self.tail: deque[str] = deque(maxlen=_TAIL)

    def hide(self, masker: Masker) -> None:
        """What the process that starts now must not tell. The tail is its own from here on."""
        self.tail.clear()
        self._masker = masker
        self._maskers = {name: StreamMasker(masker) for name in _STREAMS}

    def output(self, stream: Literal["stdout", "stderr"], chunk: bytes) -> None:
        for text in self._splitters[stream].feed(self._maskers[stream].feed(chunk)):
            self._add(stream, text)

    def system(self, line: str) -> None:
        self._add("system", self._masker.text(line))

    def flush(self) -> None:
        """Lines go out by themselves."""

    def end_of_process(self) -> None:
        """What has no newline becomes a line."""
        for stream in _STREAMS:
            for text in (*self._splitters[stream].feed(self._maskers[stream].end()), *self._splitters[stream].end()):
                self._add(stream, text)

    async def send(self, token: str) -> None:
        """Until cancelled. Errors: LeaseLost."""
        while True:
            await self._arrived.wait()
            await asyncio.sleep(_PAUSE)
            await self.empty(token)

    async def empty(self, token: str) -> None:
        """Send what waits; what cannot be sent now stays. Errors: LeaseLost."""
        while self._waiting:
            lines = self._take()
            try:
                await self._api.log(self._ref, LogRequest(token=token, lines=lines))
            except ApiRefused:
                continue
            except (ApiAway, LeaseLost, asyncio.CancelledError) as problem:
                self._waiting.extendleft(reversed(lines))
                if isinstance(problem, ApiAway):
                    return
                raise
        self._arrived.clear()

    def _take(self) -> list[Line]:
        if self._left_out:
            told = f"{self._left_out:,} lines were left out: the sensor prints more than is kept"
            self._waiting.appendleft(Line(stream="system", time=utcnow(), line=told))
            self._left_out = 0
        return [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]

    def _add(self, stream: Literal["stdout", "stderr", "system"], text: str) -> None:
        if stream != "system":
            self.tail.append(text[:500])
        self._waiting.append(Line(stream=stream, time=utcnow(), line=text[: self._longest]))
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.popleft()
            self._left_out += 1
        self._arrived.set()
