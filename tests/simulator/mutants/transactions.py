"""Without what makes a transaction whole, or its repetition harmless."""

from __future__ import annotations

from tests.simulator.mutations import off
from tests.simulator.plans import EXECUTORS, PEOPLE

MUTANTS = (
    off("a late transaction looks whether its rows are as it has seen them", "versions", where=PEOPLE),
    off("a commit that was not answered is repeated", "repeated_commits", where=EXECUTORS),
    off(
        "messages leave with the commit",
        "outbox",
        because="every message only wakes somebody who finds the rows: a sweep comes to the same, later",
    ),
)
