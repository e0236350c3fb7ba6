"""An execution is to end early: who has to be asked, or can it end at once?"""

from __future__ import annotations

from enum import StrEnum

from attune_core.execution.attempt import Attempt
from attune_core.model.status import ExecutionStatus

HELD_BY_A_WORKER = (ExecutionStatus.RUNNING, ExecutionStatus.CANCELING)
_RESTING = (ExecutionStatus.WAITING, ExecutionStatus.PAUSED)


class Cancel(StrEnum):
    """DROP: nobody works on it, it ends now. The others end with the report of who was asked."""

    NOTHING = "nothing"
    DROP = "drop"
    ASK_WORKER = "ask_worker"
    ASK_CHILD = "ask_child"


def on_cancel(attempt: Attempt, *, has_child: bool, only_resting: bool) -> Cancel:
    """`has_child`: a child run carries the attempt out. `only_resting`: what runs may end by itself.

    Who was asked before is not asked again. What nobody holds ends now, also when a cancel was asked for before it
    had a worker that could have answered.
    """
    if attempt.status.is_final or (only_resting and attempt.status not in _RESTING):
        return Cancel.NOTHING
    if attempt.is_workflow and has_child:
        return Cancel.NOTHING if attempt.cancel_requested else Cancel.ASK_CHILD
    if attempt.status not in HELD_BY_A_WORKER:
        return Cancel.DROP
    return Cancel.NOTHING if attempt.cancel_requested else Cancel.ASK_WORKER
