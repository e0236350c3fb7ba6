"""Pausing, resuming, cancelling and retrying a run: a request is stored, the executor performs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attune_api.errors import Conflict, NotFound
from attune_common.contracts.workflow import RunRequested
from attune_common.store import requests, runs
from attune_common.store.connection import Row
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_core.model.status import ExecutionStatus

Kind = Literal["pause", "resume", "cancel", "retry"]

_S = ExecutionStatus
_LIVE = frozenset({_S.REQUESTED, _S.SCHEDULING, _S.RUNNING, _S.WAITING, _S.RESUMING})

ALLOWED: dict[Kind, frozenset[ExecutionStatus]] = {
    "pause": _LIVE,
    "resume": frozenset({_S.PAUSING, _S.PAUSED}),
    "cancel": _LIVE | {_S.PAUSING, _S.PAUSED},
    "retry": frozenset({_S.FAILED, _S.TIMEOUT, _S.CANCELLED}),
}
REPEATED: dict[Kind, frozenset[ExecutionStatus]] = {
    "pause": frozenset({_S.PAUSING, _S.PAUSED}),
    "resume": frozenset({_S.RESUMING}),
    "cancel": frozenset({_S.CANCELING}),
    "retry": frozenset(),
}
"""States in which the same was asked before: accepted, and nothing to do."""


async def control_run(store: Store, run: int, kind: Kind, detail: Mapping[str, Any]) -> None:
    """Errors: NotFound; Conflict when the run's state does not allow it."""

    await store.retrying(lambda unit: request(unit, run, kind, detail))


async def request(unit: Unit, run: int, kind: Kind, detail: Mapping[str, Any]) -> None:
    """The same in a transaction of somebody else."""
    row = await requests.run(unit, run)
    if row is None:
        raise NotFound(f"there is no workflow execution {run}")
    status = _as_asked(row)
    if status in REPEATED[kind]:
        return
    _check(row, status, kind)
    await ask(unit, run, kind, detail)


def _as_asked(row: Row) -> ExecutionStatus:
    """What the run will be when an executor has done what was asked of it before: requests are done in order."""
    status = ExecutionStatus(row["status"])
    if status not in ALLOWED["cancel"]:
        return status
    return {"pause": _S.PAUSING, "resume": _S.RESUMING}.get(row["asked"], status)


async def ask(unit: Unit, run: int, kind: Kind, detail: Mapping[str, Any]) -> None:
    """Store the request and wake an executor."""
    await runs.insert_requests(unit, [(run, kind, dict(detail))])
    unit.emit(RunRequested(workflow_execution_id=run, kind=kind))


def _check(row: Row, status: ExecutionStatus, kind: Kind) -> None:
    if status not in ALLOWED[kind]:
        allowed = ", ".join(sorted(ALLOWED[kind]))
        raise Conflict(
            f"a workflow execution that is {status} cannot be asked to {kind}",
            code="wrong_state",
            hint=f"it can when it is {allowed}",
        )
    if kind == "retry" and row["parent"] is not None:
        raise Conflict(
            "a subworkflow is retried through the workflow around it",
            code="wrong_state",
            hint=f"retry the workflow execution of execution {row['parent']}",
        )
