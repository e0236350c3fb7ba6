"""Without the ways in which work ends early."""

from __future__ import annotations

from typing import Any

import attune_executor.cancel
import attune_executor.starts
from attune_core.execution.cancels import Cancel, on_cancel
from attune_executor import leases
from tests.simulator.mutants.parts import nothing
from tests.simulator.mutations import patched
from tests.simulator.plans import PEOPLE


def _asked_is_enough(attempt: Any, **known: bool) -> Cancel:
    return Cancel.NOTHING if attempt.cancel_requested else on_cancel(attempt, **known)


_start = attune_executor.starts._start


def _start_anyway(batch: Any, row: Any) -> Any:
    row.cancel_requested = False
    return _start(batch, row)


MUTANTS = (
    patched(
        "what rests is dropped whoever asked before",
        (attune_executor.cancel, "on_cancel", _asked_is_enough),
        where=PEOPLE,
    ),
    patched("subworkflows are asked to stop", (attune_executor.cancel, "_ask_child", nothing)),
    patched("workers are asked to stop", (attune_executor.cancel, "ask_worker", nothing)),
    patched("what was cancelled does not begin", (attune_executor.starts, "_start", _start_anyway), where=PEOPLE),
    patched(
        "a heartbeat is answered with the cancel once more",
        (leases, "_cancel_again", nothing),
        because="a cancel that was lost reaches the worker ten seconds later with it, a minute later without it",
    ),
)
