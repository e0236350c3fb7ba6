"""Who belongs to whom, learnt from the messages that pass: a message names its execution or its run, rarely both."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from attune_common.contracts.base import Message
from attune_common.contracts.execution import ExecutionLog, ExecutionStatusChanged
from attune_common.contracts.inquiry import InquiryClosed, InquiryCreated, InquiryResponded
from attune_common.contracts.workflow import (
    ItemsProgress,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    WorkflowCompleted,
    WorkflowFailed,
    WorkflowStarted,
)

REMEMBERED = 50_000


@dataclass(slots=True)
class Lineage:
    """What a message is about: itself and all that it is a part of. `execution` and `run` are its own."""

    execution: int | None
    run: int | None
    executions: set[int] = field(default_factory=set)
    runs: set[int] = field(default_factory=set)


class _Memory:
    """The youngest entries of a mapping from id to id."""

    def __init__(self, bound: int) -> None:
        self._entries: OrderedDict[int, int] = OrderedDict()
        self._bound = bound

    def learn(self, key: int | None, value: int | None) -> None:
        if key is None or value is None:
            return
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._bound:
            self._entries.popitem(last=False)

    def get(self, key: int | None) -> int | None:
        return None if key is None else self._entries.get(key)

    def __len__(self) -> int:
        return len(self._entries)


class Kinship:
    """`owner`: run -> the execution that it runs for; `member`: execution -> the run that it is a task of."""

    def __init__(self, bound: int = REMEMBERED) -> None:
        self._owner = _Memory(bound)
        self._member = _Memory(bound)
        self._root_of_run = _Memory(bound)

    def trace(self, message: Message) -> Lineage:
        """Learn from the message, then tell what it is about. What was never told stays unknown."""
        match message:
            case WorkflowStarted() | WorkflowCompleted() | WorkflowFailed():
                self._owner.learn(message.workflow_execution_id, message.execution_id)
                return self._climb(message.execution_id, message.workflow_execution_id)
            case ExecutionStatusChanged():
                self._member.learn(message.execution_id, message.workflow_execution_id)
                self._root_of_run.learn(message.workflow_execution_id, message.root_id)
                return self._climb(message.execution_id, message.workflow_execution_id)
            case TaskScheduled() | InquiryCreated() | InquiryResponded() | InquiryClosed():
                self._member.learn(message.execution_id, message.workflow_execution_id)
                return self._climb(message.execution_id, message.workflow_execution_id)
            case TaskCompleted() | TaskFailed() | ItemsProgress():
                return self._climb(None, message.workflow_execution_id)
            case ExecutionLog():
                return self._climb(message.execution_id, None)
            case _:
                return Lineage(None, None)

    def _climb(self, execution: int | None, run: int | None) -> Lineage:
        """Up from execution to run to the execution that the run is for, to the top."""
        lineage = Lineage(execution, run if run is not None else self._member.get(execution))
        step_execution, step_run = execution, run
        while True:
            if step_execution is not None:
                lineage.executions.add(step_execution)
                step_run = self._next_run(lineage, step_execution, step_run)
            if step_run is None or step_run in lineage.runs:
                return lineage
            lineage.runs.add(step_run)
            root = self._root_of_run.get(step_run)
            if root is not None:
                lineage.executions.add(root)
            step_execution, step_run = self._owner.get(step_run), None

    def _next_run(self, lineage: Lineage, execution: int, told: int | None) -> int | None:
        """The run that the execution is a task of. A message of a workflow tells the run that is for it instead."""
        if told is not None and self._owner.get(told) == execution:
            lineage.runs.add(told)
            return self._member.get(execution)
        return told if told is not None else self._member.get(execution)
