"""A fault of the engine ends its run readably, and whatever was under way with it: nothing is left that hangs."""

from __future__ import annotations

from attune_core.definition.graph import Graph, TaskKind
from attune_core.model.status import ExecutionStatus, OutcomeStatus
from attune_core.workflow.commands import CancelAction, FinishExecution, FinishRun
from attune_core.workflow.decision import Decision
from attune_core.workflow.draft import Draft
from attune_core.workflow.facts import Facts
from attune_core.workflow.signals import Signal, TaskFinished, TaskKey
from attune_core.workflow.state import Activation, Ended, Phase, RunState

ENGINE_ERROR = "engine_error"


def give_up(graph: Graph, state: RunState, signal: Signal, facts: Facts, fault: Exception) -> Decision:
    """The run has failed with `engine_error`; a retry begins its unfinished tasks anew."""
    draft = Draft(graph, state, facts)
    told = signal.key if isinstance(signal, TaskFinished) else None
    if isinstance(signal, TaskFinished):
        draft.emit(FinishExecution(signal.key, signal.outcome))
    if not draft.status.is_final:
        error = {"type": ENGINE_ERROR, "message": f"{type(fault).__name__}: {fault}"[:2000]}
        _abandon_tasks(draft, told, error)
        draft.status, draft.completed_at, draft.failure = ExecutionStatus.FAILED, facts.now, error
        draft.emit(FinishRun(ExecutionStatus.FAILED, None, error))
    return draft.freeze()


def _abandon_tasks(draft: Draft, told: TaskKey | None, error: dict[str, str]) -> None:
    """Without templates or transitions, which may be what is broken. Late reports find no activation of theirs."""
    draft.ready.clear()
    for name, task in list(draft.tasks.items()):
        current = task.current
        last = task.last if current is None else _ended(draft, current, error)
        if current is not None and current.phase is not Phase.READY and draft.node(name).kind is TaskKind.ACTION:
            key = TaskKey(name, current.iteration)
            if key != told:
                draft.emit(CancelAction(key))
        draft.change(name, current=None, last=last, queued=0, fired=(), late=(), owed=())


def _ended(draft: Draft, current: Activation, error: dict[str, str]) -> Ended:
    return Ended(
        iteration=current.iteration,
        status=OutcomeStatus.CANCELLED,
        attempt=current.attempt,
        error=error,
        started_at=current.started_at,
        completed_at=draft.facts.now,
        items=current.items,
        handled=False,
    )
