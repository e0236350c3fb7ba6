"""The states of an execution, and which may follow which."""

from __future__ import annotations

from collections.abc import Mapping

from attune_core.model.status import FINAL, ExecutionStatus

_S = ExecutionStatus
_ENDS = frozenset({_S.COMPLETED, _S.FAILED, _S.TIMEOUT, _S.CANCELLED})

ALLOWED: Mapping[ExecutionStatus, frozenset[ExecutionStatus]] = {
    _S.REQUESTED: frozenset({_S.SCHEDULING, _S.SCHEDULED, _S.RUNNING, _S.WAITING}) | _ENDS,
    _S.SCHEDULING: frozenset({_S.REQUESTED, _S.SCHEDULED}) | _ENDS,
    _S.SCHEDULED: frozenset({_S.RUNNING, _S.CANCELING, _S.WAITING, _S.SCHEDULING}) | _ENDS,
    _S.RUNNING: frozenset({_S.WAITING, _S.PAUSING, _S.PAUSED, _S.CANCELING, _S.REQUESTED, _S.SCHEDULING, _S.SCHEDULED})
    | _ENDS,
    _S.WAITING: frozenset({_S.RUNNING, _S.PAUSING, _S.PAUSED, _S.CANCELING, _S.REQUESTED, _S.SCHEDULING, _S.SCHEDULED})
    | _ENDS,
    _S.PAUSING: frozenset({_S.PAUSED, _S.RUNNING, _S.WAITING, _S.CANCELING}) | _ENDS,
    _S.PAUSED: frozenset({_S.PAUSING, _S.RUNNING, _S.WAITING, _S.CANCELING}) | _ENDS,
    _S.CANCELING: _ENDS,
}
"""From each state that is stored, those that may follow it within one try. To stay is always allowed."""

NEVER_STORED = frozenset(
    {
        _S.RESUMING,
        _S.ROLLING_BACK,
        _S.PENDING,
        _S.ABANDONED,
        _S.ROLLED_BACK,
    }
)
"""No execution is ever in one of these: some are those of attempts and tasks, some are kept for later."""

RETRIED = frozenset({_S.FAILED, _S.TIMEOUT, _S.CANCELLED})
"""The final states that a new try of a whole run leaves, to RUNNING and with a higher number of tries."""


def may_follow(before: ExecutionStatus, after: ExecutionStatus, *, new_try: bool = False) -> bool:
    """Whether an execution may go from one state to the other. `new_try`: a person has asked for one."""
    if before is after:
        return True
    if before in FINAL:
        return new_try and before in RETRIED and after not in NEVER_STORED
    return after in ALLOWED[before]
