"""What a process prints, cut into lines; and whom the steps of a preparation are told to."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Where it is told how a preparation goes, line by line."""

    def system(self, line: str) -> None: ...
    def flush(self) -> None: ...


class LineSplitter:
    """Chunks in, whole lines out; of a line longer than `limit` bytes the rest is dropped."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._dropped = 0

    def feed(self, chunk: bytes) -> list[str]:
        *ended, rest = chunk.split(b"\n")
        lines = []
        for part in ended:
            self._hold(part)
            lines.append(self._take())
        self._hold(rest)
        return lines

    def end(self) -> list[str]:
        return [self._take()] if self._held else []

    def _hold(self, part: bytes) -> None:
        room = self._limit - len(self._held)
        self._held += part[:room]
        self._dropped += max(0, len(part) - room)

    def _take(self) -> str:
        text = self._held.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}").rstrip("\r")
        if self._dropped:
            text += f" [{self._dropped:,} more bytes of this line were cut]"
        self._held.clear()
        self._dropped = 0
        return text
