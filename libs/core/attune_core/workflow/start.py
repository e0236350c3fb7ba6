"""The first decision of a run."""

from __future__ import annotations

from attune_core.model.status import ExecutionStatus
from attune_core.workflow.activation import activate
from attune_core.workflow.commands import SetTimer
from attune_core.workflow.draft import Draft
from attune_core.workflow.problems import TaskProblem, render_kept
from attune_core.workflow.scope import scope_for
from attune_core.workflow.signals import RunStarted, TimerKind
from attune_core.workflow.state import Stop, StopKind


def start(draft: Draft, signal: RunStarted) -> None:
    """Set the variables, arm the run's timeout, activate every start task."""
    draft.status = ExecutionStatus.PAUSING if signal.paused else ExecutionStatus.RUNNING
    draft.started_at, draft.within = draft.facts.now, signal.within
    if draft.time_limit is not None:
        draft.emit(SetTimer(TimerKind.RUN_TIMEOUT, draft.time_limit))
    try:
        _set_variables(draft)
    except TaskProblem as problem:
        draft.halt(Stop(StopKind.FAILURE, problem.error))
        return
    for name in draft.graph.start:
        activate(draft, name)


def _set_variables(draft: Draft) -> None:
    for name, value in draft.graph.vars.items():
        draft.vars[name] = render_kept(value, scope_for(draft), "vars_error", f"vars.{name}")
