"""A report says that an attempt has ended, or that its worker is gone: does it count, and what follows?"""

from __future__ import annotations

from enum import StrEnum

from attune_core.execution.attempt import Attempt
from attune_core.model.status import OutcomeStatus

MAX_LOSSES = 3
_NOT_WANTED_ANY_MORE = (None, OutcomeStatus.FAILED, OutcomeStatus.TIMED_OUT)


class Report(StrEnum):
    """What a report is worth.

    STALE: it is of an attempt that is over or was replaced; nothing happens. ENDED: it is the attempt's outcome.
    CANCELLED: the attempt came to nothing, and was to be cancelled: no other follows. LOST: `on_loss` decides.
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


def on_report(attempt: Attempt | None, token: str, outcome: OutcomeStatus | None, claim: str | None = None) -> Report:
    """The gate: only who holds the current token is heard, and a final state stays.

    `attempt` None: there is no such execution. `outcome` None: the worker is gone. `claim`: by which name the worker
    claimed the attempt, empty when it has not; None: nobody needed to, or nobody's worker speaks.
    """
    if attempt is None or attempt.status.is_final or attempt.token is None or attempt.token != token:
        return Report.STALE
    if claim is not None and is_claimed(attempt) and attempt.claim != named(token, claim):
        return Report.STALE
    if attempt.cancel_requested and outcome in _NOT_WANTED_ANY_MORE:
        return Report.CANCELLED
    return Report.LOST if outcome is None else Report.ENDED


def is_claimed(attempt: Attempt) -> bool:
    """Whether a worker was let begin the current attempt."""
    return attempt.token is not None and (attempt.claim or "").startswith(named(attempt.token, ""))


def named(token: str, claim: str) -> str:
    """How a claim is kept: that of an earlier attempt says nothing of the current one."""
    return f"{token} {claim}"


def is_claimed_first(attempt: Attempt, *, idempotent: bool) -> bool:
    """Whether a worker has to claim the attempt before it begins: it must not run twice."""
    return not idempotent and attempt.max_retries == 0


def on_loss(attempt: Attempt, *, handed_back: bool, idempotent: bool, begun: bool = True) -> Loss:
    """`idempotent`: its action says that running it twice does no harm. Retries in its policy say so, too.

    `begun` False: it is certain that the attempt has not done anything.
    """
    if begun and is_claimed_first(attempt, idempotent=idempotent):
        return Loss.FAIL
    if handed_back:
        return Loss.SEND_BACK
    return Loss.SEND_AGAIN if attempt.losses < MAX_LOSSES else Loss.FAIL
