"""The one door to the engine."""

from __future__ import annotations

from attune_core.definition.graph import Graph
from attune_core.workflow.decision import Decision
from attune_core.workflow.facts import Facts
from attune_core.workflow.signals import Signal
from attune_core.workflow.state import RunState


def advance(graph: Graph, state: RunState, signal: Signal, facts: Facts) -> Decision:
    """Decide what follows from one signal. Total: whatever goes wrong is a decision too.

    Errors: only `FactsMissing` (the caller fetches and calls again with the same arguments).
    """
    raise NotImplementedError
