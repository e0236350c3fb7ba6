"""What has happened, as the live log keeps it: read once, written once for all who want it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from attune_common.bus.bus import Delivery
from attune_core.model.names import pack_of

LOG = "execution.log"
_SECRET_FIELDS = frozenset({"token"})
_PLACE = re.compile(r"(\d{1,19})-(\d{1,4})-([0-9a-f]{1,8})\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: the position of its message in the log, its number in it, and the start of its id.

    The id tells whether it is still the same log.
    """

    position: int
    index: int
    check: str

    def __str__(self) -> str:
        return f"{self.position}-{self.index}-{self.check}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        found = _PLACE.match(text.strip())
        return None if found is None else cls(int(found[1]), int(found[2]), found[3])


@dataclass(eq=False)
class Entry:
    """One thing that happened. `data` is the message's."""

    place: Place
    kind: str
    data: dict[str, Any]

    @cached_property
    def body(self) -> bytes:
        return orjson.dumps({name: value for name, value in self.data.items() if name not in _SECRET_FIELDS})

    @cached_property
    def frame(self) -> bytes:
        """As a server-sent event."""
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (str(self.place).encode(), self.kind.encode(), self.body)

    @property
    def size(self) -> int:
        return len(self.frame)

    @property
    def ref(self) -> str:
        """The ref of what it is about: an action, a workflow or a trigger; "" when it does not tell."""
        for name in ("action_ref", "workflow_ref", "trigger_ref"):
            if self.data.get(name):
                return str(self.data[name])
        return ""

    @property
    def pack(self) -> str:
        return pack_of(self.ref) if self.ref else ""

    @property
    def status(self) -> str:
        """Of an execution, a task or a run, in the words of the API."""
        if "status" in self.data:
            return str(self.data["status"])
        if self.kind == "workflow.task.completed":
            return str(self.data.get("result", {}).get("status", ""))
        return _STATUS.get(self.kind, "")


_STATUS = {
    "execution.requested": "requested",
    "workflow.started": "running",
    "workflow.completed": "completed",
    "workflow.task.scheduled": "scheduled",
}


def read(delivery: Delivery) -> Iterator[Entry]:
    """The entries of one message. What is no batch of events has none: the log takes anything in."""
    try:
        batch = orjson.loads(delivery.body)
        found = [(event["id"], event["type"], event["data"]) for event in batch]
    except (ValueError, KeyError, TypeError):
        return
    for index, (id, kind, data) in enumerate(found):
        if isinstance(id, str) and isinstance(kind, str) and isinstance(data, dict):
            yield Entry(Place(delivery.position, index, _check(id)), kind, data)


def _check(id: str) -> str:
    start = id[:8].lower()
    return start if re.fullmatch(r"[0-9a-f]{1,8}", start) else "0"
