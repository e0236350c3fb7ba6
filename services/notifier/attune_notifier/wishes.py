"""What a client wishes to hear of."""

from __future__ import annotations

from dataclasses import dataclass

from attune_common.bus.patterns import matches
from attune_notifier.entries import LOG, Entry
from attune_notifier.kinship import Lineage

KINDS = {
    "executions": ("execution.requested", "execution.status"),
    "workflows": ("workflow.started", "workflow.completed", "workflow.failed"),
    "tasks": ("workflow.task.*",),
    "logs": (LOG,),
    "events": ("event.#",),
    "inquiries": ("inquiry.*",),
    "incidents": ("incident.*",),
}
"""What can be asked for by one word, and the message types that it stands for."""


@dataclass(frozen=True, slots=True)
class Wish:
    """`execution`: it and all that is a part of it; `run`: the same by the run's id; neither: everything.

    `types`: topic patterns over message types; empty is all. Log lines come only to those that ask for their
    execution or its run, or name the type. `ref` (of an action, workflow or trigger), `pack`, `status`, `trace_id`:
    only what says this of itself.
    """

    execution: int | None = None
    run: int | None = None
    types: tuple[str, ...] = ()
    ref: str = ""
    pack: str = ""
    statuses: tuple[str, ...] = ()
    trace_id: str = ""

    def wants_kind(self, kind: str) -> bool:
        """Whether anything of this type can be wanted."""
        if self.types:
            return any(matches(pattern, kind) for pattern in self.types)
        return kind != LOG or self.execution is not None or self.run is not None

    def wants(self, entry: Entry, lineage: Lineage) -> bool:
        return self._is_part(lineage) and self.takes(entry.kind, lineage) and self._fits(entry)

    def takes(self, kind: str, lineage: Lineage) -> bool:
        """Whether the type is wanted, of what is a part of the wish."""
        return self.wants_kind(kind) and (kind != LOG or self._may_have_logs(lineage))

    def _is_part(self, lineage: Lineage) -> bool:
        if self.execution is None and self.run is None:
            return True
        return self.execution in lineage.executions or self.run in lineage.runs

    def _fits(self, entry: Entry) -> bool:
        return (
            (not self.ref or entry.ref == self.ref)
            and (not self.pack or entry.pack == self.pack)
            and (not self.statuses or entry.status in self.statuses)
            and (not self.trace_id or entry.data.get("trace_id") == self.trace_id)
        )

    def _may_have_logs(self, lineage: Lineage) -> bool:
        if self.execution is None and self.run is None:
            return LOG in self.types
        own = self.execution is not None and self.execution == lineage.execution
        return own or (self.run is not None and self.run == lineage.run)


def patterns(kinds: list[str], types: list[str]) -> tuple[str, ...]:
    """Message type patterns of kinds and types, each of which may be several with commas. Errors: ValueError."""
    found: list[str] = []
    for kind in _split(kinds):
        if kind not in KINDS:
            raise ValueError(f"there is no kind {kind!r}; there are {', '.join(KINDS)}")
        found += KINDS[kind]
    return (*found, *_split(types))


def statuses(given: list[str]) -> tuple[str, ...]:
    """Statuses, each of which may be several with commas."""
    return tuple(_split(given))


def _split(given: list[str]) -> list[str]:
    return [name.strip() for text in given for name in text.split(",") if name.strip()]
