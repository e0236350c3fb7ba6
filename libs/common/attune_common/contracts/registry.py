"""Every message type: its model and the exchange it goes to. The one list that topology and AsyncAPI read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from attune_common.contracts.base import Message
from attune_common.contracts.event import EventCreated
from attune_common.contracts.execution import (
    ExecutionAccepted,
    ExecutionCancel,
    ExecutionCompleted,
    ExecutionLog,
    ExecutionRequested,
    ExecutionScheduled,
    ExecutionStatusChanged,
)
from attune_common.contracts.incident import IncidentOpened, IncidentResolved
from attune_common.contracts.inquiry import InquiryClosed, InquiryCreated, InquiryResponded
from attune_common.contracts.worker import WorkerHeartbeat
from attune_common.contracts.workflow import (
    ItemsProgress,
    RunRequested,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    WorkflowCompleted,
    WorkflowFailed,
    WorkflowStarted,
)


class Exchange(StrEnum):
    """`events`: topic, facts for anyone. `executions`: topic, jobs by pool, bound on to `events`.

    `control`: fanout to every worker. `dead`: fanout to the dead-letter queue.
    """

    EVENTS = "attune.events"
    EXECUTIONS = "attune.executions"
    CONTROL = "attune.control"
    DEAD = "attune.dead"

    @property
    def kind(self) -> Literal["topic", "fanout"]:
        return "topic" if self in (Exchange.EVENTS, Exchange.EXECUTIONS) else "fanout"


TO_A_QUEUE = ""
"""In place of an exchange: the routing key is the name of the queue that gets the message, and no other does."""

Model = type[Message]


@dataclass(frozen=True, slots=True)
class Contract:
    """`type` is the CloudEvents type and the routing key (jobs append `.<pool>`). `most`: events in one message."""

    type: str
    model: Model
    exchange: Exchange = Exchange.EVENTS
    most: int = 500


_ALL = (
    Contract("execution.requested", ExecutionRequested),
    Contract("execution.scheduled", ExecutionScheduled, Exchange.EXECUTIONS, most=50),
    Contract("execution.accepted", ExecutionAccepted),
    Contract("execution.completed", ExecutionCompleted),
    Contract("execution.cancel", ExecutionCancel, Exchange.CONTROL),
    Contract("execution.status", ExecutionStatusChanged),
    Contract("execution.log", ExecutionLog),
    Contract("workflow.started", WorkflowStarted),
    Contract("workflow.completed", WorkflowCompleted),
    Contract("workflow.failed", WorkflowFailed),
    Contract("workflow.task.scheduled", TaskScheduled),
    Contract("workflow.task.completed", TaskCompleted),
    Contract("workflow.task.failed", TaskFailed),
    Contract("workflow.task.progress", ItemsProgress),
    Contract("run.requested", RunRequested),
    Contract("inquiry.created", InquiryCreated),
    Contract("inquiry.responded", InquiryResponded),
    Contract("inquiry.closed", InquiryClosed),
    Contract("event.created", EventCreated),
    Contract("incident.opened", IncidentOpened),
    Contract("incident.resolved", IncidentResolved),
    Contract("worker.heartbeat", WorkerHeartbeat),
)

REGISTRY: dict[str, Contract] = {contract.type: contract for contract in _ALL}
TYPE_OF: dict[type[Message], str] = {contract.model: contract.type for contract in _ALL}
