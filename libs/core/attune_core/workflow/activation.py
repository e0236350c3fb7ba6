"""How a task comes to its turn: arrivals, joins and dependencies."""

from __future__ import annotations

from enum import StrEnum

from attune_core.definition.graph import DependencyType, TaskNode
from attune_core.model.status import OutcomeStatus
from attune_core.workflow.draft import Draft
from attune_core.workflow.state import Activation, Phase, Stop, StopKind


class Gate(StrEnum):
    """What `depends_on` says of a task at this moment."""

    OPEN = "open"
    WAIT = "wait"
    SKIP = "skip"


def activate(draft: Draft, name: str) -> None:
    """Give the task one more pass, now or after the current one."""
    task = draft.task(name)
    if task.current is not None:
        draft.change(name, queued=task.queued + 1)
        return
    if draft.activations >= draft.graph.max_iterations:
        draft.halt(Stop(StopKind.FAILURE, _limit_error(draft, name)))
        return
    draft.activations += 1
    iteration = task.activations + 1
    draft.change(name, current=Activation(iteration, Phase.READY), activations=iteration)
    draft.ready.append(name)


def _limit_error(draft: Draft, name: str) -> dict[str, object]:
    limit = draft.graph.max_iterations
    message = f"the run reached its limit of {limit} task activations at task {name}"
    return {"type": "iteration_limit", "message": message, "task": name}


def arrive(draft: Draft, target: str, source: str) -> None:
    """A transition from `source` to `target` fired."""
    if draft.node(target).join is None or _count_arrival(draft, target, source):
        _pass_gate(draft, target)


def _count_arrival(draft: Draft, target: str, source: str) -> bool:
    """True when the join is met by this arrival; its count then starts again."""
    node, task = draft.node(target), draft.task(target)
    if source in task.late:
        draft.change(target, late=tuple(other for other in task.late if other != source))
        return False
    fired = task.fired if source in task.fired else (*task.fired, source)
    if len(fired) < needed(node):
        draft.change(target, fired=fired, late=())
        return False
    late = tuple(other for other in node.sources if other not in fired)
    draft.change(target, fired=(), late=late)
    return True


def needed(node: TaskNode) -> int:
    return node.join if isinstance(node.join, int) else len(node.sources)


def settle_late(draft: Draft, target: str, source: str) -> None:
    """`source` ended without firing to `target`: nothing of its pass is to be expected any more."""
    task = draft.task(target)
    if source in task.late:
        draft.change(target, late=tuple(other for other in task.late if other != source))


def _pass_gate(draft: Draft, name: str) -> None:
    node = draft.node(name)
    if node.depends_on and gate(draft, node) is Gate.WAIT:
        draft.change(name, queued=draft.task(name).queued + 1)
    else:
        activate(draft, name)


def gate(draft: Draft, node: TaskNode, *, nothing_follows: bool = False) -> Gate:
    """`nothing_follows`: nothing else can run any more, so a dependency without an end will never have one."""
    answers = [_accepts(draft, dep.task, dep.type, nothing_follows) for dep in node.depends_on]
    if Gate.SKIP in answers:
        return Gate.SKIP
    return Gate.WAIT if Gate.WAIT in answers else Gate.OPEN


def _accepts(draft: Draft, name: str, kind: DependencyType, nothing_follows: bool) -> Gate:
    task = draft.task(name)
    if task.last is None or task.current is not None:
        if not nothing_follows:
            return Gate.WAIT
        return Gate.OPEN if kind is DependencyType.OPTIONAL else Gate.SKIP
    succeeded = task.last.status is OutcomeStatus.SUCCEEDED
    return Gate.OPEN if succeeded or kind is not DependencyType.HARD else Gate.SKIP


def release(draft: Draft, name: str, *, nothing_follows: bool = False) -> bool:
    """Activate a task whose dependencies are decided and that waits for nothing else. True when it was."""
    node, task = draft.node(name), draft.task(name)
    waits = task.queued > 0 if node.sources else task.activations == 0
    if task.current is not None or not waits or gate(draft, node, nothing_follows=nothing_follows) is Gate.WAIT:
        return False
    if node.sources:
        draft.change(name, queued=task.queued - 1)
    activate(draft, name)
    return True
