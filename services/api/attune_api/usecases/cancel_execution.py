"""Cancelling an execution: at once when nobody works on it, else by asking whoever does."""

from __future__ import annotations

from attune_api.errors import Conflict, NotFound
from attune_api.usecases.control_run import ask
from attune_common.contracts.execution import ExecutionCancel, ExecutionCompleted, ExecutionStatusChanged
from attune_common.contracts.inquiry import InquiryClosed
from attune_common.store import executions, inquiries, internal_events, requests
from attune_common.store.connection import Row
from attune_common.store.finished import execution_finished
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_core.execution.cancels import HELD_BY_A_WORKER
from attune_core.model.status import FINAL, ExecutionStatus

ERROR = {"type": "cancelled", "message": "cancelled by request"}


async def cancel_execution(store: Store, execution: int) -> None:
    """Errors: NotFound; Conflict when it has ended."""

    await store.retrying(lambda unit: request(unit, execution))


async def request(unit: Unit, execution: int) -> None:
    """The same in a transaction of somebody else."""
    row = await requests.lock_execution(unit, execution)
    if row is None:
        raise NotFound(f"there is no execution {execution}")
    if ExecutionStatus(row["status"]) in FINAL:
        raise Conflict(f"the execution has ended ({row['status']})", code="already_final")
    await _cancel(unit, row)


async def _cancel(unit: Unit, row: Row) -> None:
    run = await requests.latest_run(unit, row["id"]) if row["is_workflow"] else None
    if run is not None:
        if ExecutionStatus(run["status"]) not in FINAL:
            await ask(unit, run["id"], "cancel", {})
        return
    if row["status"] in HELD_BY_A_WORKER:
        await _stop_worker(unit, row)
    elif row["workflow_run"] is not None:
        await _report_cancelled(unit, row)
    else:
        await _finish(unit, row)


async def _stop_worker(unit: Unit, row: Row) -> None:
    await requests.request_cancel(unit, row["id"])
    if row["token"]:
        unit.emit(ExecutionCancel(execution_id=row["id"], token=row["token"], reason=ERROR["message"]))


async def _report_cancelled(unit: Unit, row: Row) -> None:
    """A task that no worker has begun: its run learns of it as if a worker had reported it."""
    await _stop_worker(unit, row)
    if row["token"]:
        unit.emit(
            ExecutionCompleted(
                execution_id=row["id"],
                attempt=row["attempt"],
                token=row["token"],
                status="cancelled",
                error=dict(ERROR),
                workflow_execution_id=row["workflow_run"],
            )
        )


async def _finish(unit: Unit, row: Row) -> None:
    await _stop_worker(unit, row)
    await requests.finish_cancelled(unit, row["id"], ERROR)
    for closed in (await inquiries.close(unit, [row["id"]], "cancelled")).values():
        unit.emit(InquiryClosed(inquiry_id=closed["id"], execution_id=row["id"], status="cancelled"))
    for ended in await executions.lock(unit, [row["id"]]):
        ended.error = dict(ERROR)
        await internal_events.tell(unit, execution_finished(ended))
    unit.emit(
        ExecutionStatusChanged(
            execution_id=row["id"],
            action_ref=row["action_ref"],
            status=ExecutionStatus.CANCELLED.value,
            root_id=row["root"] or row["id"],
            attempt=row["attempt"],
        )
    )
