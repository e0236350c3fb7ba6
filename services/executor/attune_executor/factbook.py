"""What is known for the decisions of one run in this batch: fetched rows, and over them what is not written yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attune_core.model.outcome import Outcome
from attune_core.workflow.facts import FailedItems
from attune_core.workflow.signals import Signal, TaskFinished, TaskKey

Pass = tuple[str, int]
"""(task, iteration)"""


@dataclass(frozen=True, slots=True)
class PassResults:
    """All items of an iteration that is over: `details` by index, `results` in item order; never changed."""

    details: dict[int, Any]
    results: list[Any]


@dataclass(slots=True)
class FactBook:
    """`results` and `details` as in `Facts`. `fresh`: outcomes of this batch, which the database does not have.

    `kept`: passes whose details belong to the process, not to this batch.
    """

    results: dict[Pass, Any] = field(default_factory=dict)
    details: dict[Pass, dict[int, Any]] = field(default_factory=dict)
    items: dict[Pass, dict[int, Any]] = field(default_factory=dict)
    kv: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str | None] = field(default_factory=dict)
    fresh: dict[Pass, dict[int | None, Outcome]] = field(default_factory=dict)
    failed: dict[Pass, FailedItems] = field(default_factory=dict)
    kept: set[Pass] = field(default_factory=set)

    def note_signal(self, signal: Signal) -> None:
        """Keep the outcome of a finished attempt."""
        if isinstance(signal, TaskFinished):
            self.note(signal.key, signal.outcome)

    def note(self, key: TaskKey, outcome: Outcome) -> None:
        """Keep an outcome that may be read before its row is written."""
        of = (key.task, key.iteration)
        self.fresh.setdefault(of, {})[key.index] = outcome
        if key.index is None:
            self.results[of] = outcome.result
        elif of in self.details:
            self._own(of)[key.index] = _entry(outcome)

    def _own(self, of: Pass) -> dict[int, Any]:
        """The details of a pass to be changed: those that the process keeps for others stay as they are."""
        if of in self.kept:
            self.kept.discard(of)
            self.details[of] = dict(self.details[of])
            self.results[of] = None
        return self.details[of]

    def add_kept(self, of: Pass, kept: PassResults) -> None:
        """An iteration that is over, as the process has it from an earlier batch."""
        self.details[of], self.results[of] = kept.details, kept.results
        self.kept.add(of)

    def add_rows(self, of: Pass, rows: Mapping[int | None, Mapping[str, Any]]) -> None:
        """The executions of a pass (`status`, `result`, `error`), by item index."""
        fresh = self.fresh.get(of, {})
        seen: dict[int | None, Mapping[str, Any]] = {**rows, **{i: _entry(o) for i, o in fresh.items()}}
        self.results[of] = seen[None]["result"] if None in seen else None
        self.details[of] = {index: entry for index, entry in seen.items() if index is not None}

    def add_failed(self, of: Pass, found: FailedItems) -> None:
        """Items that are to run again; what goes on where the known ones end is added to them."""
        known = self.failed.get(of)
        if known is not None and known.until == found.first:
            indices, statuses = known.indices + found.indices, known.statuses + found.statuses
            found = FailedItems(known.first, found.until, indices, statuses)
        self.failed[of] = found

    def has(self, of: Pass) -> bool:
        return of in self.results and (of in self.details or None in self.fresh.get(of, {}))


def _entry(outcome: Outcome) -> Mapping[str, Any]:
    return {"status": outcome.status.value, "result": outcome.result, "error": outcome.error}
