"""What executions and runs tell rules of themselves (`core.execution_finished` and its like).

Who listens is known from the start of the transaction; while nobody does, nothing is collected.
"""

from __future__ import annotations

from attune_common.store import finished, internal_events
from attune_common.store.executions import Execution
from attune_common.store.inquiries import NewInquiry
from attune_common.store.internal_events import EXECUTION_FINISHED, INQUIRY_OPENED, WORKFLOW_FINISHED, Happening, Moment
from attune_common.store.unit import Unit
from attune_core.workflow.commands import FinishRun
from attune_executor.batch import Batch, RunInHand
from attune_executor.context import Context


async def begin(unit: Unit, context: Context, expected: int) -> Batch:
    """A batch at the transaction's time, which knows who listens. `expected`: about how many executions it makes."""
    return batch_of(unit, context, await internal_events.moment(unit, ids=expected))


def batch_of(unit: Unit, context: Context, moment: Moment) -> Batch:
    batch = Batch(unit, context, moment.now)
    batch.heard, batch.registered = moment.heard, moment.registered
    batch.ids.extend(moment.ids)
    return batch


def execution_finished(batch: Batch, row: Execution) -> None:
    if EXECUTION_FINISHED not in batch.heard:
        return
    batch.happenings.append(finished.execution_finished(row))


def workflow_finished(batch: Batch, run: RunInHand, end: FinishRun) -> None:
    if WORKFLOW_FINISHED not in batch.heard:
        return
    context, state = run.context, run.state
    payload = {
        "workflow_execution": run.id,
        "execution": context.execution,
        "workflow": context.workflow_ref,
        "status": end.status.value,
        **finished.told("result", end.output),
        "error": None if end.error is None else dict(end.error),
        "parent_workflow_execution": context.parent_run,
        "rule": context.rule_ref,
        "trigger": context.trigger_ref,
        **finished.times(state.started_at, state.completed_at),
    }
    batch.happenings.append(Happening(WORKFLOW_FINISHED, payload, context.execution, context.trace_id))


def inquiry_opened(batch: Batch, new: NewInquiry) -> None:
    row = batch.row(new.execution)
    if INQUIRY_OPENED not in batch.heard or row is None:
        return
    asked = row.parameters or {}
    payload = {
        "execution": row.id,
        "prompt": asked.get("prompt", ""),
        "schema": asked.get("schema"),
        "assigned_to": asked.get("assigned_to"),
        "timeout": asked.get("timeout"),
        "workflow_execution": row.workflow_run,
        "task": row.task_name,
    }
    batch.happenings.append(Happening(INQUIRY_OPENED, payload, row.id, row.trace_id))


async def write(batch: Batch) -> None:
    """Store what was collected. The executions that it is about are written before."""
    await internal_events.store(batch.unit, batch.happenings)
