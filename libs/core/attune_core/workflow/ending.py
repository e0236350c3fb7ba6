"""A task reached its outcome: record it, publish, follow its transitions."""

from __future__ import annotations

from attune_core.definition.graph import OnUnhandledFailure, TaskKind, TaskNode
from attune_core.model.outcome import Outcome
from attune_core.model.record import replace
from attune_core.model.status import OutcomeStatus
from attune_core.workflow.activation import activate, arrive, settle_late
from attune_core.workflow.commands import TaskEnded
from attune_core.workflow.draft import Draft, ErrorMap
from attune_core.workflow.problems import TaskProblem
from attune_core.workflow.routing import COMPLETE, FAIL, RESERVED, Plan, plan
from attune_core.workflow.state import Ended, ItemCounts, Stop, StopKind

_FAILURES = (OutcomeStatus.FAILED, OutcomeStatus.TIMED_OUT, OutcomeStatus.CANCELLED)


def end_task(draft: Draft, name: str, outcome: Outcome, items: ItemCounts | None = None) -> None:
    """End the current activation of `name`. `items`: the counts of an iteration, whose result stays in its rows."""
    node = draft.node(name)
    if items is None and node.kind is TaskKind.ACTION:
        draft.results[name] = outcome.result
    _record(draft, name, outcome, items)
    outcome, decided = _decide(draft, node, outcome, items)
    draft.vars = decided.variables
    ended = draft.task(name).last
    iteration = ended.iteration if ended else 0
    refused = dict(decided.refused) or None
    draft.emit(TaskEnded(name, iteration, outcome.status, outcome.error, decided.labels, refused))
    _handle(draft, node, outcome, decided)
    _follow(draft, node, decided)
    _next_pass(draft, name)
    draft.ended.append(name)


def _record(draft: Draft, name: str, outcome: Outcome, items: ItemCounts | None) -> None:
    task = draft.task(name)
    current = task.current
    if current is None:
        last = replace(task.last, status=outcome.status, error=outcome.error) if task.last else None
    else:
        last = Ended(
            iteration=current.iteration,
            status=outcome.status,
            attempt=current.attempt,
            error=outcome.error,
            started_at=outcome.started_at or current.started_at or draft.facts.now,
            completed_at=outcome.completed_at or draft.facts.now,
            items=items,
        )
    draft.change(name, current=None, last=last)


def _decide(draft: Draft, node: TaskNode, outcome: Outcome, items: ItemCounts | None) -> tuple[Outcome, Plan]:
    """A template that fails makes the task failed, and its failure transitions are followed once."""
    refused: dict[str, str] = {}
    try:
        return outcome, plan(draft, node, outcome, refused)
    except TaskProblem as problem:
        failed = replace(outcome, status=OutcomeStatus.FAILED, error=dict(problem.error))
    _record(draft, node.name, failed, items)
    try:
        return failed, plan(draft, node, failed, refused)
    except TaskProblem:
        return failed, Plan(draft.vars, refused=refused)


def _handle(draft: Draft, node: TaskNode, outcome: Outcome, decided: Plan) -> None:
    if outcome.status not in _FAILURES or decided.fired or node.block is not None:
        return
    task = draft.task(node.name)
    if task.last is not None:
        draft.change(node.name, last=replace(task.last, handled=False))
    if outcome.status is OutcomeStatus.CANCELLED and draft.stop is not None:
        return
    error: ErrorMap = {**(outcome.error or {"type": "failed", "message": "failed"}), "task": node.name}
    draft.fail_unhandled(error)
    if draft.graph.on_unhandled_failure is OnUnhandledFailure.STOP:
        draft.halt(Stop(StopKind.FAILURE, error))


def _follow(draft: Draft, node: TaskNode, decided: Plan) -> None:
    for target in decided.targets:
        if target == FAIL:
            message = f"task {node.name} ended the run through its transition to fail"
            error = {"type": "failed_by_workflow", "message": message, "task": node.name}
            draft.halt(Stop(StopKind.FAIL, error))
        elif target == COMPLETE:
            draft.halt(Stop(StopKind.COMPLETE))
        elif target not in RESERVED:
            arrive(draft, target, node.name)
    for target in {target for route in node.routes for target in route.targets} - set(decided.targets):
        if target not in RESERVED:
            settle_late(draft, target, node.name)


def _next_pass(draft: Draft, name: str) -> None:
    """A further activation that has waited for this one to end. With dependencies, `release` decides."""
    task = draft.task(name)
    if task.queued > 0 and task.current is None and not draft.node(name).depends_on:
        draft.change(name, queued=task.queued - 1)
        activate(draft, name)
