"""Without what keeps messages."""

from __future__ import annotations

from tests.simulator.mutations import off
from tests.simulator.plans import EXECUTORS

MUTANTS = (off("messages are acknowledged after the commit", "late_acknowledgement", where=EXECUTORS),)
