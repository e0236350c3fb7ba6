"""What the executor listens to: message types and who takes them. Acknowledged after the commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from typing import Any, TypeVar

from attune_common.bus import topology
from attune_common.bus.bus import Delivery, Handler, Subscription, TryLater
from attune_common.contracts.base import Message
from attune_common.contracts.event import EventCreated
from attune_common.contracts.execution import (
    ExecutionAccepted,
    ExecutionCompleted,
    ExecutionLog,
    ExecutionRequested,
)
from attune_common.contracts.inquiry import InquiryResponded
from attune_common.contracts.worker import WorkerHeartbeat
from attune_common.contracts.workflow import RunRequested
from attune_common.runtime import handover
from attune_common.store.errors import is_transient
from attune_executor.answers import Answered
from attune_executor.enforce import Enforce
from attune_executor.leases import Leases
from attune_executor.logs import Logs
from attune_executor.schedule import Schedule
from attune_executor.workflows import Requested, Workflows

M = TypeVar("M", bound=Message)
_MANY = 100
"""Reports about a single run that are worth a batch of their own."""


def subscriptions(
    schedule: Schedule, workflows: Workflows, leases: Leases, enforce: Enforce, logs: Logs
) -> list[tuple[Subscription, Handler]]:
    """Every queue of the executors with its handler."""

    async def completed(messages: Sequence[ExecutionCompleted]) -> None:
        """While one run alone is busy and little comes at a time, the next batch would only be smaller."""
        alone = len(messages) < _MANY and len({m.workflow_execution_id for m in messages}) == 1
        with handover.to_nobody() if alone else nullcontext():
            await workflows.take(messages)

    async def requested(messages: Sequence[RunRequested]) -> None:
        await workflows.take(Requested(run) for run in sorted({m.workflow_execution_id for m in messages}))

    async def answered(messages: Sequence[InquiryResponded]) -> None:
        await workflows.take({Answered(m.inquiry_id, m.workflow_execution_id) for m in messages})

    return [
        (topology.executor("execution.requested"), _batch(ExecutionRequested, schedule.take)),
        (topology.executor("execution.completed"), _batch(ExecutionCompleted, completed)),
        (topology.executor("execution.accepted"), _batch(ExecutionAccepted, leases.accepted)),
        (topology.executor("worker.heartbeat"), _batch(WorkerHeartbeat, leases.heartbeat)),
        (topology.executor("execution.log"), _batch(ExecutionLog, logs.store)),
        (topology.executor("event.created"), _batch(EventCreated, enforce.take)),
        (topology.executor("run.requested"), _batch(RunRequested, requested)),
        (topology.executor("inquiry.responded"), _batch(InquiryResponded, answered)),
    ]


def _batch(kind: type[M], take: Callable[[Sequence[M]], Awaitable[Any]]) -> Handler:
    """A handler of one message type. What it raises gives the deliveries back; a repeat does no harm."""

    async def handle(deliveries: list[Delivery]) -> None:
        messages = [m for delivery in deliveries for m in delivery.messages if isinstance(m, kind)]
        if messages:
            await take(messages)

    return patient(handle)


def patient(handler: Handler) -> Handler:
    """While the database is away, messages wait for it: no number of attempts makes them dead letters."""

    async def handle(deliveries: list[Delivery]) -> None:
        try:
            await handler(deliveries)
        except Exception as problem:
            if is_transient(problem):
                raise TryLater(f"{type(problem).__name__}: {problem}") from problem
            raise

    return handle
