"""Which execution and run a message belongs to, from what was seen before."""

from __future__ import annotations

from attune_common.contracts.base import Message
from attune_common.contracts.execution import ExecutionLog, ExecutionStatusChanged
from attune_common.contracts.inquiry import InquiryClosed, InquiryCreated, InquiryResponded
from attune_common.contracts.registry import TYPE_OF
from attune_common.contracts.workflow import TaskFailed, TaskScheduled, WorkflowCompleted, WorkflowStarted
from attune_notifier.kinship import Kinship, Lineage


def started(execution: int, run: int) -> WorkflowStarted:
    return WorkflowStarted(execution_id=execution, workflow_id=1, workflow_execution_id=run, workflow_ref="p.w")


def status(execution: int, run: int | None, root: int) -> ExecutionStatusChanged:
    return ExecutionStatusChanged(
        execution_id=execution, action_ref="p.a", status="running", workflow_execution_id=run, root_id=root
    )


def failed(run: int) -> TaskFailed:
    return TaskFailed(workflow_execution_id=run, task_name="t", error="no")


def trace(kinship: Kinship, message: Message) -> Lineage:
    return kinship.trace(TYPE_OF[type(message)], message.model_dump())


def test_a_task_belongs_to_its_run_and_to_the_execution_of_the_run() -> None:
    kinship = Kinship()
    trace(kinship, started(1, 10))
    lineage = trace(kinship, failed(10))
    assert (lineage.executions, lineage.runs) == ({1}, {10})


def test_a_workflow_inside_a_workflow_belongs_to_both() -> None:
    kinship = Kinship()
    trace(kinship, started(1, 10))
    trace(kinship, TaskScheduled(workflow_execution_id=10, task_name="sub", execution_id=2))
    lineage = trace(kinship, started(2, 20))
    assert (lineage.executions, lineage.runs) == ({1, 2}, {10, 20})
    trace(kinship, status(3, 20, 1))
    lineage = trace(kinship, ExecutionLog(execution_id=3, attempt=1, lines=[]))
    assert (lineage.executions, lineage.runs) == ({1, 2, 3}, {10, 20})
    assert (lineage.execution, lineage.run) == (3, 20)


def test_a_run_that_began_before_us_is_learnt_from_the_root_of_its_tasks() -> None:
    kinship = Kinship()
    assert trace(kinship, failed(10)).executions == set()
    trace(kinship, status(5, 10, 1))
    assert trace(kinship, failed(10)).executions == {1}


def test_the_end_of_a_workflow_tells_its_run_too() -> None:
    kinship = Kinship()
    ended = WorkflowCompleted(execution_id=1, result=None, workflow_execution_id=10, workflow_ref="p.w")
    lineage = trace(kinship, ended)
    assert (lineage.executions, lineage.runs) == ({1}, {10})


def test_a_circle_in_what_was_told_ends() -> None:
    kinship = Kinship()
    trace(kinship, started(1, 10))
    trace(kinship, status(1, 10, 1))
    assert trace(kinship, failed(10)).runs == {10}


def test_only_the_youngest_are_remembered() -> None:
    kinship = Kinship(bound=10)
    for number in range(100):
        trace(kinship, started(number, 1000 + number))
    assert trace(kinship, failed(1099)).executions == {99}
    assert trace(kinship, failed(1000)).executions == set()


def test_an_inquiry_belongs_to_the_run_that_waits_for_it() -> None:
    kinship = Kinship()
    trace(kinship, started(1, 10))
    created = InquiryCreated(inquiry_id=5, execution_id=3, prompt="Go?", workflow_execution_id=10, task_name="ask")
    assert trace(kinship, created).executions == {1, 3}
    closed = InquiryClosed(inquiry_id=5, execution_id=3, status="timeout", workflow_execution_id=10)
    assert (trace(kinship, closed).executions, trace(kinship, closed).runs) == ({1, 3}, {10})
    assert trace(kinship, InquiryResponded(inquiry_id=6, execution_id=4)).executions == {4}
