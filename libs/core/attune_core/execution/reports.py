"""A report says that an attempt has ended, or that its worker is gone: does it count, and what follows?"""

from __future__ import annotations

from enum import StrEnum

from attune_core.execution.attempt import Attempt

MAX_LOSSES = 3


class Report(StrEnum):
    """What a report is worth.

    STALE: it is of an attempt that is over or was replaced; nothing happens. ENDED: it is the attempt's outcome.
    CANCELLED: the worker is gone, and nobody wants the work any more. LOST: `on_loss` decides.
    """

    STALE = "stale"
    ENDED = "ended"
    CANCELLED = "cancelled"
    LOST = "lost"


class Loss(StrEnum):
    """What follows the loss of an attempt.

    SEND_BACK: its worker had to stop; the same attempt goes to another. SEND_AGAIN: a new attempt does the work.
    FAIL: nobody knows how far it came, and it may not run twice, or was lost too often.
    """

    SEND_BACK = "send_back"
    SEND_AGAIN = "send_again"
    FAIL = "fail"


def on_report(attempt: Attempt | None, token: str, *, lost: bool) -> Report:
    """The gate: only who holds the current token is heard, and a final state stays. None: no such execution."""
    if attempt is None or attempt.status.is_final or attempt.token is None or attempt.token != token:
        return Report.STALE
    if not lost:
        return Report.ENDED
    return Report.CANCELLED if attempt.cancel_requested else Report.LOST


def on_loss(attempt: Attempt, *, handed_back: bool, idempotent: bool) -> Loss:
    """`idempotent`: its action says that running it twice does no harm. Retries in its policy say so, too."""
    if not idempotent and attempt.max_retries == 0:
        return Loss.FAIL
    if handed_back:
        return Loss.SEND_BACK
    return Loss.SEND_AGAIN if attempt.losses < MAX_LOSSES else Loss.FAIL
