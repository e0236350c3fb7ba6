"""The rehearsal itself: a workflow against scripted outcomes, without services and without waiting."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from attune_core.definition.graph import Graph
from attune_core.rehearsal.catalogue import Catalogue
from attune_core.rehearsal.report import Report
from attune_core.rehearsal.script import Script
from attune_core.rehearsal.stage import Limits, Shared, Stage

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
MAX_SIGNALS: Final = 150_000
MAX_ACTIVATIONS: Final = 50_000
"""A loop of tasks without actions turns inside one decision: that many turns take seconds, not minutes."""

_NOTHING: Final = Catalogue()


def rehearse(
    graph: Graph,
    script: Script,
    catalogue: Catalogue = _NOTHING,
    *,
    start: datetime = EPOCH,
    limit: int = MAX_SIGNALS,
) -> Report:
    """Run to the end, or until nothing can happen any more, or until `limit` signals (see `Report.stopped`)."""
    return Stage(graph, script, start, Shared(catalogue, Limits(limit, MAX_ACTIVATIONS))).play()
