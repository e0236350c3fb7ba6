"""Without what makes an attempt have one outcome: fencing tokens, final states, the count of attempts."""

from __future__ import annotations

from typing import Any

import attune_executor.cancel
import attune_executor.complete
import attune_executor.flush
import attune_executor.perform
import attune_executor.schedule
from attune_core.execution import reports
from attune_core.execution.reports import Loss, Report, on_loss, on_report
from attune_core.model.status import ExecutionStatus
from attune_executor import complete, dispatch
from attune_executor.batch import Batch
from attune_executor.finish import finish_row
from tests.simulator.mutants.parts import nothing
from tests.simulator.mutations import Mutation, off, patched
from tests.simulator.plans import PEOPLE, WORKERS


def _any_token(attempt: Any, token: str, outcome: Any, claim: str | None = None) -> Report:
    return on_report(attempt, (attempt.token or "") if attempt else token, outcome, claim)


class _NotFinal:
    """An attempt that does not say that it is over."""

    def __init__(self, row: Any) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return ExecutionStatus.RUNNING if name == "status" else getattr(self._row, name)


def _ends_again(attempt: Any, token: str, outcome: Any, claim: str | None = None) -> Report:
    return on_report(None if attempt is None else _NotFinal(attempt), token, outcome, claim)


def _finish_again(batch: Batch, row: Any, outcome: Any) -> None:
    row.status = ExecutionStatus.RUNNING
    finish_row(batch, row, outcome)


_report = complete._report


def _keeps_token(batch: Batch, row: Any, outcome: Any, worker: str = "") -> None:
    token = row.token
    _report(batch, row, outcome, worker)
    row.token = row.token or token


_OPEN_GATES = (
    (complete, "on_report", _ends_again),
    (complete, "_report", _keeps_token),
    *((module, "finish_row", _finish_again) for module in (complete, attune_executor.flush, attune_executor.perform)),
)


def _never_given_up(attempt: Any, **known: bool) -> Loss:
    ruling = on_loss(attempt, **known)
    return Loss.SEND_AGAIN if ruling is Loss.FAIL else ruling


def _may_run_twice(attempt: Any, *, handed_back: bool, idempotent: bool, begun: bool) -> Loss:
    return on_loss(attempt, handed_back=handed_back, idempotent=True)


def _handed_back_is_failed(attempt: Any, *, handed_back: bool, idempotent: bool, begun: bool) -> Loss:
    return Loss.FAIL if handed_back else on_loss(attempt, handed_back=False, idempotent=idempotent, begun=begun)


def _never_began(attempt: Any, *, handed_back: bool, idempotent: bool, begun: bool) -> Loss:
    return on_loss(attempt, handed_back=handed_back, idempotent=idempotent, begun=False)


def _whoever_claims(attempt: Any, token: str, outcome: Any, claim: str | None = None) -> Report:
    return on_report(attempt, token, outcome)


def _without_claims(attempt: Any, *, idempotent: bool) -> bool:
    return False


_send = dispatch.send


def _same_token(batch: Batch, row: Any, action: Any) -> None:
    before, dispatch.new_token = dispatch.new_token, lambda: f"token-{row.id}"
    try:
        _send(batch, row, action)
    finally:
        dispatch.new_token = before


_send_again = complete._send_again


def _uncounted(batch: Batch, row: Any, action: Any, message: Any) -> None:
    losses = row.losses
    _send_again(batch, row, action, message)
    row.losses = losses


class _Forgetful(set[int]):
    """A memory that keeps nothing."""

    def add(self, _: int) -> None:
        """Forgotten."""


_make_batch = Batch.__init__


def _forgetful_batch(self: Batch, *arguments: Any) -> None:
    _make_batch(self, *arguments)
    self.reported = _Forgetful()


def _any_state(row: Any) -> bool:
    return not row.status.is_final


MUTANTS = (
    patched("tokens are compared", (complete, "on_report", _any_token), where=WORKERS),
    patched("each attempt has a token of its own", (dispatch, "send", _same_token)),
    off("who accepts shows the token", "accepted_tokens", where=WORKERS, rarity=2),
    Mutation("a final state stays", off=frozenset({"trigger"}), patches=_OPEN_GATES),
    off(
        "the database refuses to change a final state",
        "trigger",
        because="the last line of defence: nothing reaches it while the gates before it hold",
    ),
    patched(
        "the gates before the database's own",
        *_OPEN_GATES,
    ),
    patched("lost work is given up after a while", (complete, "on_loss", _never_given_up), where=WORKERS),
    patched("what may not run twice does not", (complete, "on_loss", _may_run_twice), where=WORKERS),
    off("one of those who have a job begins it", "claims", where=PEOPLE),
    patched("what may not run twice is claimed", (dispatch, "is_claimed_first", _without_claims), where=PEOPLE),
    patched("what was claimed has begun", (complete, "on_loss", _never_began), where=WORKERS),
    patched(
        "who has not claimed is not heard",
        (complete, "on_report", _whoever_claims),
        because="an attempt would be given up as lost while its worker does well; it does not run twice",
    ),
    patched("what a worker hands back goes to another", (complete, "on_loss", _handed_back_is_failed), where=WORKERS),
    patched("losses are no retries", (complete, "_send_again", _uncounted), where=WORKERS),
    patched("a lost attempt leaves its outcome", (complete, "keep_attempt", nothing)),
    patched("a retried attempt leaves its outcome", (attune_executor.perform, "keep_attempt", nothing)),
    patched("an attempt ends once in a transaction", (Batch, "__init__", _forgetful_batch), where=WORKERS),
    patched("an execution starts once", (attune_executor.schedule, "_is_waiting", _any_state)),
    patched("what was cancelled is not tried again", (reports, "_NOT_WANTED_ANY_MORE", ())),
)
