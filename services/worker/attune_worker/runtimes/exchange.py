"""What the worker and a child process say to each other: parameters on stdin, the result on a descriptor.

Both are files in memory: nothing waits for the other side, nothing touches the disk, nothing is in argv.
"""

from __future__ import annotations

import contextlib
import json as standard_json
import os
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from attune_common.hosting.failure import ActionFailure
from attune_common.hosting.masking import NOTHING, Masker
from attune_common.runtime import json

_TAIL = 4096
_LIMITS = {"SIGXCPU": "its limit of CPU time", "SIGXFSZ": "its limit on the size of files"}
_NOTHING = object()


class Captured:
    """The last bytes of a stream, or its first `limit` bytes when it may be the result."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._head = bytearray()
        self.tail = b""
        self.truncated = False

    def feed(self, chunk: bytes) -> None:
        room = self._limit - len(self._head)
        self._head += chunk[:room]
        self.truncated = self.truncated or len(chunk) > room
        self.tail = (self.tail + chunk[-_TAIL:])[-_TAIL:]

    def must_be_whole(self) -> None:
        """Errors: ActionFailure `result_too_large`."""
        if self.truncated:
            message = f"stdout, which is the result, has more than {self._limit:,} bytes"
            raise ActionFailure("result_too_large", message)

    @property
    def text(self) -> str:
        return self._head.decode("utf-8", "replace")


@dataclass(slots=True)
class Exchange:
    """The files of one attempt and what it printed. `limit`: bytes that a result may have.

    `masker`: for texts that are cut before they leave; the rest is hidden with the whole result.
    """

    parameters: IO[bytes]
    result: IO[bytes]
    limit: int
    masker: Masker = NOTHING
    stdout: Captured = field(init=False)
    stderr: Captured = field(init=False)

    def __post_init__(self) -> None:
        self.stdout, self.stderr = Captured(self.limit), Captured(_TAIL)

    def written(self) -> Any:
        """The document on the result's descriptor, or `nothing`. Errors: ActionFailure."""
        size = os.fstat(self.result.fileno()).st_size
        if size == 0:
            return _NOTHING
        if size > self.limit:
            raise ActionFailure("result_too_large", f"the result has {size:,} bytes, the limit is {self.limit:,}")
        self.result.seek(0)
        return parse(self.result.read(size))

    def failure(self, status: int) -> ActionFailure:
        """What an exit status other than 0 means: the error that the action wrote, or the status itself."""
        told = self._told_error()
        if told is not None:
            return told
        how = f"was killed by {_signal(-status)}" if status < 0 else f"ended with exit status {status}"
        details: dict[str, Any] = {"exit_code": status, "stderr": self.stderr.tail.decode("utf-8", "replace")}
        return ActionFailure("exit_code", f"the action {how}", **details)

    def _told_error(self) -> ActionFailure | None:
        try:
            document = self.written()
        except ActionFailure:
            return None
        match document:
            case {"error": {"type": str(kind), "message": str(message), **more}}:
                return ActionFailure(kind, message, **{str(key): value for key, value in more.items()})
            case _:
                return None


def _signal(number: int) -> str:
    """By its name, and what it stands for when a limit has sent it."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    meant = _LIMITS.get(name)
    return f"{name}: {meant}" if meant else name


def is_nothing(document: Any) -> bool:
    return document is _NOTHING


def parse(text: bytes) -> Any:
    """One JSON document; what strict readers refuse (NaN, huge numbers) is read all the same, to be repaired.

    Errors: ActionFailure `result_unusable`.
    """
    try:
        return json.loads(text)
    except json.DataError:
        pass
    try:
        return standard_json.loads(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as problem:
        excerpt = text[:_TAIL].decode("utf-8", "replace")
        message = f"the result is not one JSON document: {problem}"
        raise ActionFailure("result_unusable", message, excerpt=excerpt) from problem


def parse_or_nothing(text: str) -> Any:
    """The document that the text is, or `nothing` when it is something else."""
    if not text.strip():
        return _NOTHING
    try:
        return parse(text.encode())
    except ActionFailure:
        return _NOTHING


@contextlib.contextmanager
def open_exchange(parameters: dict[str, Any], limit: int, masker: Masker = NOTHING) -> Iterator[Exchange]:
    with _memory_file("parameters") as given, _memory_file("result") as result:
        given.write(json.dumps(parameters))
        given.seek(0)
        yield Exchange(given, result, limit, masker)


def _memory_file(name: str) -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create(f"attune-{name}"), "r+b", buffering=0)
    return tempfile.TemporaryFile(buffering=0)
