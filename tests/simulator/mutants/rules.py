"""Without what makes an event or a request count once."""

from __future__ import annotations

from attune_common.store import events_matching
from tests.simulator.mutants.parts import not_done
from tests.simulator.mutations import Mutation, off, patched

MUTANTS = (
    off("idempotency keys", "idempotency_keys"),
    Mutation("an event goes through the rules once", off=frozenset({"event_marks", "event_keys"})),
    patched("events are marked when they went through the rules", (events_matching, "done", not_done)),
    off(
        "a rule has one verdict on an event",
        "event_keys",
        because="the mark on the event, set in the same transaction, keeps it from the rules",
    ),
)
