"""A task that is ready takes its turn: condition, input, and the command that runs it."""

from __future__ import annotations

from typing import assert_never

from attune_core.definition.graph import TaskKind, TaskNode
from attune_core.expressions.scope import Scope
from attune_core.model.outcome import Outcome
from attune_core.model.record import replace
from attune_core.model.status import OutcomeStatus
from attune_core.workflow import blocks, items
from attune_core.workflow.activation import is_refused
from attune_core.workflow.commands import RunAction, SetTimer
from attune_core.workflow.draft import Draft
from attune_core.workflow.ending import end_task
from attune_core.workflow.problems import TaskProblem, seconds, test
from attune_core.workflow.request import action_request
from attune_core.workflow.scope import scope_for
from attune_core.workflow.signals import TaskKey, TimerKind
from attune_core.workflow.state import Phase


def begin(draft: Draft, name: str) -> None:
    """Start the ready activation of `name`. Whatever cannot be rendered ends the task as failed."""
    node = draft.node(name)
    try:
        if _skipped(draft, node):
            end_task(draft, name, Outcome(OutcomeStatus.SKIPPED))
        elif node.iteration is not None:
            items.start(draft, node, node.iteration)
        else:
            _begin_once(draft, node)
    except TaskProblem as problem:
        end_task(draft, name, Outcome(OutcomeStatus.FAILED, error=dict(problem.error)))


def _skipped(draft: Draft, node: TaskNode) -> bool:
    if is_refused(draft, node):
        return True
    if node.when is None or (node.iteration is not None and node.iteration.when_per_item):
        return False
    return not test(node.when, scope_for(draft), f"{node.name}.when")


def _begin_once(draft: Draft, node: TaskNode) -> None:
    match node.kind:
        case TaskKind.ACTION:
            _run_action(draft, node)
        case TaskKind.NOOP:
            _run_noop(draft, node)
        case TaskKind.PARALLEL:
            enter(draft, node.name, Phase.OPEN)
            blocks.start(draft, node)
        case _:
            assert_never(node.kind)


def enter(draft: Draft, name: str, phase: Phase) -> None:
    """Move the current activation to `phase`; its clock starts when it first runs. Who waits here has a delay."""
    current = draft.under_way(name)
    started = current.started_at or draft.facts.now
    draft.change(name, current=replace(current, phase=phase, started_at=started, delayed=phase is Phase.WAITING))


def _run_action(draft: Draft, node: TaskNode) -> None:
    key = TaskKey(node.name, draft.under_way(node.name).iteration)
    request = action_request(node, key, scope_for(draft))
    enter(draft, node.name, Phase.WAITING if request.delay > 0 else Phase.RUNNING)
    emit_request(draft, request)


def emit_request(draft: Draft, request: RunAction) -> None:
    draft.emit(request)
    if request.delay > 0:
        draft.emit(SetTimer(TimerKind.DELAY, request.delay, request.key, attempt=1))


def _run_noop(draft: Draft, node: TaskNode) -> None:
    delay = _delay(node, scope_for(draft))
    enter(draft, node.name, Phase.WAITING if delay > 0 else Phase.RUNNING)
    if delay > 0:
        key = TaskKey(node.name, draft.under_way(node.name).iteration)
        draft.emit(SetTimer(TimerKind.DELAY, delay, key, attempt=1))
    else:
        end_task(draft, node.name, Outcome.succeeded())


def _delay(node: TaskNode, scope: Scope) -> float:
    return 0.0 if node.delay is None else seconds(node.delay, scope, f"{node.name}.delay", positive=False)
