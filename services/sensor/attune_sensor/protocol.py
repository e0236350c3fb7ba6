"""The lines that sensors write: read into what they mean, or refused with a sentence for the sensor's log."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from attune_common.contracts.sensor import Emitted, Saved
from attune_common.hosting.masking import Masker
from attune_common.runtime import json

LONGEST_LINE = 1024 * 1024
TOO_LONG = b"a line that was not read to its end"
_LONGEST_KEY = 200


class BadLine(Exception):
    """`id`: the number that the sensor gave the line, None when there is none."""

    def __init__(self, message: str, id: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.id = id


@dataclass(frozen=True, slots=True)
class Said:
    """An event, a state, or both. `id`: the sensor wants an answer under this number."""

    event: Emitted | None
    state: Saved | None
    id: int | None = None

    def hiding(self, masker: Masker) -> Said:
        """The same without what must not leave the service."""
        if not masker:
            return self
        event = self.event and self.event.model_copy(
            update={"payload": masker.data(self.event.payload), "key": masker.text(self.event.key)}
        )
        return Said(event, self.state and Saved(value=masker.data(self.state.value)), self.id)


@dataclass(frozen=True, slots=True)
class Ready:
    """The sensor has begun to watch."""


@dataclass(frozen=True, slots=True)
class PollDone:
    """The sensor has answered a poll."""


def read_line(line: bytes, pack: str) -> Said | Ready | PollDone:
    """Errors: BadLine."""
    if line == TOO_LONG:
        raise BadLine(f"a line has more than {LONGEST_LINE:,} bytes")
    try:
        message = json.loads(line)
    except json.DataError as problem:
        raise BadLine(f"a line is no JSON that can be stored: {problem}") from problem
    if not isinstance(message, dict):
        raise BadLine("a line is no JSON object")
    id = message.get("id")
    if id is not None and (not isinstance(id, int) or isinstance(id, bool)):
        raise BadLine(f"`id` must be a whole number, not {str(id)[:60]!r}")
    try:
        message = json.clean(message)
    except json.DataError as problem:
        raise BadLine(f"a line cannot be stored: {problem.message} ({str(problem.path)[:60]})", id) from problem
    match message.get("type"):
        case "event":
            state = Saved(value=message["state"]) if "state" in message else None
            return Said(_event(message, pack, id), state, id)
        case "state":
            return Said(None, Saved(value=message.get("value")), id)
        case "ready":
            return Ready()
        case "done":
            return PollDone()
        case other:
            raise BadLine(f"`type` is {str(other)[:60]!r}: event, state, ready and done are known", id)


def _event(message: dict[str, Any], pack: str, id: int | None) -> Emitted:
    """A name without a dot is a trigger of the sensor's pack. Without a key every event counts, once."""
    trigger, key = message.get("trigger"), message.get("key")
    if not isinstance(trigger, str) or not 0 < len(trigger) <= _LONGEST_KEY:
        raise BadLine("an event needs `trigger`, the ref of one", id)
    if key is not None and (not isinstance(key, str | int) or isinstance(key, bool) or not 0 < len(str(key)) <= 250):
        raise BadLine("`key` must be a text of at most 250 characters", id)
    ref = trigger if "." in trigger else f"{pack}.{trigger}"
    named = f"key:{key}" if key is not None else f"auto:{uuid.uuid4().hex}"
    return Emitted(trigger=ref, payload=message.get("payload", {}), key=named)
