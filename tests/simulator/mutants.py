"""Every mechanism that a promise stands on, missing: each of these worlds has to come to grief."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attune_executor.cancel
import attune_executor.complete
import attune_executor.finish
import attune_executor.flush
import attune_executor.load
import attune_executor.perform
import attune_executor.schedule
import attune_executor.signals
from attune_common.store import leases, timers
from attune_core.execution.cancels import Cancel, on_cancel
from attune_core.execution.reports import Loss, Report, on_loss, on_report
from attune_core.model.status import ExecutionStatus
from attune_executor import dispatch
from attune_executor.app import Executor
from attune_executor.batch import Batch
from attune_executor.calm import Calm
from tests.simulator.mutations import Mutation


def _without_sweep(name: str) -> Mutation:
    def alter(executor: Executor) -> None:
        executor.recover._sweeps.pop(name)

    return Mutation(f"sweep {name}", alter=alter)


def _any_token(attempt: Any, token: str, outcome: Any) -> Report:
    return on_report(attempt, (attempt.token or "") if attempt else token, outcome)


class _NotFinal:
    """An attempt that does not say that it is over."""

    def __init__(self, row: Any) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return ExecutionStatus.RUNNING if name == "status" else getattr(self._row, name)


def _ends_again(attempt: Any, token: str, outcome: Any) -> Report:
    return on_report(None if attempt is None else _NotFinal(attempt), token, outcome)


def _finish_again(batch: Batch, row: Any, outcome: Any) -> None:
    row.status = ExecutionStatus.RUNNING
    _finish_row(batch, row, outcome)


_finish_row = attune_executor.finish.finish_row


def _never_fails(attempt: Any, **known: bool) -> Loss:
    ruling = on_loss(attempt, **known)
    return Loss.SEND_AGAIN if ruling is Loss.FAIL else ruling


def _asked_is_enough(attempt: Any, **known: bool) -> Cancel:
    return Cancel.NOTHING if attempt.cancel_requested else on_cancel(attempt, **known)


async def _nothing(*_: Any, **__: Any) -> None:
    """Not done."""


async def _nothing_found(*_: Any, **__: Any) -> list[Any]:
    return []


_children = attune_executor.flush.runs.children


async def _children_to_pause(unit: Any, cascades: dict[int, str]) -> Any:
    return await _children(unit, [run for run, kind in cascades.items() if kind == "pause"])


async def _always(_: Calm) -> bool:
    return True


def _old_cache(batch: Batch, row: Any) -> Any:
    return batch.context.caches.runs.get(row["id"])


def _any_state(row: Any) -> bool:
    return not row.status.is_final


class _Forgetful(set[int]):
    """A memory that keeps nothing."""

    def add(self, _: int) -> None:
        """Forgotten."""


_make_batch = Batch.__init__


def _forgetful_batch(self: Batch, *arguments: Any) -> None:
    _make_batch(self, *arguments)
    self.reported = _Forgetful()


_send = dispatch.send


def _same_token(batch: Batch, row: Any, action: Any) -> None:
    before, dispatch.new_token = dispatch.new_token, lambda: f"token-{row.id}"
    try:
        _send(batch, row, action)
    finally:
        dispatch.new_token = before


def _patched(name: str, *patches: tuple[Any, str, Callable[..., Any] | Any]) -> Mutation:
    return Mutation(name, patches=patches)


SWEEPS = tuple(
    _without_sweep(name)
    for name in (
        "lapsed_leases",
        "overdue_attempts",
        "unanswered_cancels",
        "unaccepted_jobs",
        "unstarted_executions",
        "untold_parents",
        "open_requests",
        "untold_answers",
        "forgotten_events",
    )
)
MUTANTS = (
    *SWEEPS,
    _patched("tokens are compared", (attune_executor.complete, "on_report", _any_token)),
    _patched("each attempt has a token of its own", (dispatch, "send", _same_token)),
    Mutation(
        "a final state stays",
        off=frozenset({"trigger"}),
        patches=(
            (attune_executor.complete, "on_report", _ends_again),
            (attune_executor.complete, "finish_row", _finish_again),
            (attune_executor.flush, "finish_row", _finish_again),
            (attune_executor.perform, "finish_row", _finish_again),
        ),
    ),
    _patched("lost work is given up after a while", (attune_executor.complete, "on_loss", _never_fails)),
    Mutation("relays publish what was left behind", off=frozenset({"relay_sweep"})),
    Mutation("timers are taken in the transaction of the decision", off=frozenset({"timers_in_transaction"})),
    _patched("the journal is written with the state", (attune_executor.flush.journal, "append", _nothing)),
    Mutation("workers fence themselves", off=frozenset({"self_fence"})),
    _patched("heartbeats renew leases", (leases, "extend", _nothing_found)),
    _patched("silence after an outage is no death", (Calm, "holds", _always)),
    _patched("an execution starts once", (attune_executor.schedule, "_is_waiting", _any_state)),
    Mutation("idempotency keys", off=frozenset({"idempotency_keys"})),
    Mutation("messages are acknowledged after the commit", off=frozenset({"late_acknowledgement"})),
    _patched("states are kept by revision", (attune_executor.load, "_cached", _old_cache)),
    _patched("an attempt ends once in a transaction", (Batch, "__init__", _forgetful_batch)),
    _patched("what rests is dropped whoever asked before", (attune_executor.cancel, "on_cancel", _asked_is_enough)),
    _patched("the end of a child is kept for its parent", (attune_executor.flush, "_keep_outcome", lambda *_: None)),
    _patched("timers go with their run", (timers, "remove_of_runs", _nothing)),
    _patched("held timers are released", (timers, "release", _nothing)),
    _patched("a run that goes on tells its children", (attune_executor.flush.runs, "children", _children_to_pause)),
)
