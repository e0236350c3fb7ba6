"""What is known for the decisions of one run in this batch: what was fetched, and over it what the batch decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attune_core.model.outcome import Outcome
from attune_core.workflow.signals import Signal, TaskFinished

Pass = tuple[str, int]
"""(task, iteration)"""


@dataclass(slots=True)
class FactBook:
    """`results` and `details` by pass. `fresh`: outcomes of this batch, which the database does not have yet."""

    results: dict[Pass, Any] = field(default_factory=dict)
    details: dict[Pass, dict[int, Any]] = field(default_factory=dict)
    items: dict[Pass, dict[int, Any]] = field(default_factory=dict)
    kv: dict[str, Any] = field(default_factory=dict)
    fresh: dict[Pass, dict[int | None, Outcome]] = field(default_factory=dict)

    def note(self, signal: Signal) -> None:
        """Keep the outcome of a finished attempt; it may be read before its row is written."""
        if isinstance(signal, TaskFinished):
            self.note_outcome((signal.key.task, signal.key.iteration), signal.key.index, signal.outcome)

    def note_outcome(self, of: Pass, index: int | None, outcome: Outcome) -> None:
        self.fresh.setdefault(of, {})[index] = outcome
        if index is None:
            self.results[of] = outcome.result
        elif of in self.details:
            self.details[of][index] = _detail(outcome)

    def add_rows(self, of: Pass, rows: Mapping[int | None, Mapping[str, Any]]) -> None:
        """Results of a pass from its executions' rows (`status`, `result`, `error`) by item index."""
        fresh = {index: _detail(outcome) for index, outcome in self.fresh.get(of, {}).items()}
        seen: dict[int | None, Mapping[str, Any]] = {**rows, **fresh}
        self.results[of] = seen[None]["result"] if None in seen else None
        self.details[of] = {index: entry for index, entry in seen.items() if index is not None}


def _detail(outcome: Outcome) -> dict[str, Any]:
    return {"status": outcome.status.value, "result": outcome.result, "error": outcome.error}
