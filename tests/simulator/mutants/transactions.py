"""Without what makes a transaction whole, or its repetition harmless."""

from __future__ import annotations

from attune_executor.order import Turn
from tests.simulator.mutations import off, patched
from tests.simulator.plans import EXECUTORS, PEOPLE, STORM

MUTANTS = (
    off("a late transaction looks whether its rows are as it has seen them", "versions", where=PEOPLE),
    patched(
        "what was decided on what was never stored is not stored",
        (Turn, "until_true", Turn.until_alone),
        where=STORM,
        rarity=12,
    ),
    off("a commit that was not answered is repeated", "repeated_commits", where=EXECUTORS),
    off(
        "messages leave with the commit",
        "outbox",
        because="every message only wakes somebody who finds the rows: a sweep comes to the same, later",
    ),
)
