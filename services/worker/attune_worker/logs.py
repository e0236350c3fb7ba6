"""What an action prints, cut into lines, numbered, limited, and sent on in batches while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from attune_common.contracts.execution import ExecutionLog, LogLine
from attune_common.hosting.lines import LineSplitter
from attune_common.hosting.masking import NOTHING, Masker, StreamMasker
from attune_common.runtime.clock import utcnow
from attune_common.runtime.settings import Settings

Stream = Literal["stdout", "stderr", "system"]
_STREAMS: tuple[Literal["stdout", "stderr"], ...] = ("stdout", "stderr")
MAX_BYTES = 10 * 1024 * 1024
_BATCH_LINES = 200
_BATCH_BYTES = 256 * 1024
_BATCH_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class LogLimits:
    """Per attempt: bytes of one line, number of lines, bytes of all lines."""

    line: int = 64 * 1024
    lines: int = 10_000
    total: int = MAX_BYTES

    @classmethod
    def of(cls, settings: Settings) -> LogLimits:
        return cls(settings.limits.log_line_bytes, settings.limits.log_lines)


class AttemptLog:
    """The log of one attempt. `send` gets batches in order with their size in bytes; it must not block."""

    def __init__(
        self, execution: tuple[int, int, str], send: Callable[[ExecutionLog, int], object], limits: LogLimits
    ) -> None:
        self._execution, self._send, self._limits = execution, send, limits
        self._masker = NOTHING
        self._maskers: dict[str, StreamMasker] = {}
        self._splitters = {name: LineSplitter(limits.line) for name in ("stdout", "stderr")}
        self._pending: list[LogLine] = []
        self._pending_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._seq = self._bytes = 0
        self._cut = False

    def hide(self, masker: Masker) -> None:
        """From now on this is hidden in every line."""
        self._masker = masker
        self._maskers = {name: StreamMasker(masker) for name in self._splitters} if masker else {}

    def output(self, stream: Literal["stdout", "stderr"], chunk: bytes) -> None:
        """What has come out of the process, in any portions."""
        if self._cut:
            return
        if self._maskers:
            chunk = self._maskers[stream].feed(chunk)
        for line in self._splitters[stream].feed(chunk):
            self._line(stream, line)

    def system(self, line: str) -> None:
        """What the platform has to say to the reader of the log."""
        self._append("system", self._masker.text(line))

    def close(self) -> None:
        """The end: what has no newline becomes a line, everything is sent."""
        for stream in _STREAMS:
            if self._maskers:
                held, self._maskers[stream] = self._maskers[stream].end(), StreamMasker(NOTHING)
                self.output(stream, held)
            for line in self._splitters[stream].end():
                self._line(stream, line)
        self.flush()

    def flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pending:
            number, attempt, token = self._execution
            batch = ExecutionLog(execution_id=number, attempt=attempt, token=token, lines=self._pending)
            self._send(batch, self._pending_bytes + 100 * len(self._pending))
            self._pending, self._pending_bytes = [], 0

    def _line(self, stream: Literal["stdout", "stderr"], line: str) -> None:
        if self._cut:
            return
        self._bytes += len(line)
        if self._seq >= self._limits.lines or self._bytes > self._limits.total:
            self._cut = True
            self._append("system", f"the log was cut here: {self._seq:,} lines, {self._bytes:,} bytes")
            return
        self._append(stream, line)

    def _append(self, stream: Stream, line: str) -> None:
        self._seq += 1
        self._pending.append(LogLine(seq=self._seq, stream=stream, time=utcnow(), line=line))
        self._pending_bytes += len(line)
        if len(self._pending) >= _BATCH_LINES or self._pending_bytes >= _BATCH_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_BATCH_SECONDS, self.flush)
