"""Without what makes a timer fire once, in the transaction of what it leads to."""

from __future__ import annotations

import attune_core.workflow.timers
import attune_executor.perform
import attune_executor.signals
from attune_common.store import timers
from attune_executor import inquire
from tests.simulator.mutants.parts import not_done, nothing
from tests.simulator.mutations import Mutation, off, patched
from tests.simulator.plans import INDEPENDENT, PEOPLE

MUTANTS = (
    off("timers are taken in the transaction of the decision", "timers_in_transaction"),
    patched("timers that have fired are gone", (timers, "remove", not_done)),
    off("a timer fires once", "timer_rows", where=INDEPENDENT, rarity=2),
    patched("timers go with their run", (timers, "remove_of_runs", not_done)),
    patched("held timers are released", (timers, "release", not_done), where=PEOPLE),
    patched("runs have a deadline", (attune_core.workflow.timers, "_time_out", nothing)),
    patched("questions have a deadline", (inquire, "_seconds", nothing), where=PEOPLE),
    Mutation(
        "timers stand still with their run",
        patches=((attune_executor.signals, "_HOLDING", ()),),
        because="the engine sets a timer that fires in a pause once more, held",
    ),
)
