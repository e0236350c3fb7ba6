"""Who belongs to whom, learnt from what passes: a message names its execution or its run, rarely both."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REMEMBERED = 50_000
_OF_A_RUN = frozenset({"workflow.started", "workflow.completed", "workflow.failed"})


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


class Kinship:
    """`owner`: run -> the execution that it runs for; `member`: execution -> the run that it is a task of."""

    def __init__(self, bound: int = REMEMBERED) -> None:
        self._owner = _Memory(bound)
        self._member = _Memory(bound)
        self._root_of_run = _Memory(bound)

    def know(self, execution: int, run: int | None) -> None:
        """What was learnt elsewhere: the run that an execution is for."""
        self._owner.learn(run, execution)

    def trace(self, kind: str, data: Mapping[str, Any]) -> Lineage:
        """Learn from the message, then tell what it is about. What was never told stays unknown."""
        execution, run, root = (_id(data, name) for name in ("execution_id", "workflow_execution_id", "root_id"))
        self._root_of_run.learn(run, root)
        if kind in _OF_A_RUN:
            self._owner.learn(run, execution)
        else:
            self._member.learn(execution, run)
        lineage = self._climb(execution, run)
        if root is not None:
            lineage.executions.add(root)
        return lineage

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


def _id(data: Mapping[str, Any], name: str) -> int | None:
    value = data.get(name)
    return value if isinstance(value, int) else None
