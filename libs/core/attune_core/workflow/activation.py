"""How a task comes to its turn: arrivals, joins and dependencies."""

from __future__ import annotations

from enum import StrEnum

from attune_core.definition.graph import DependencyType, TaskNode
from attune_core.model.status import OutcomeStatus
from attune_core.workflow.draft import Draft
from attune_core.workflow.state import Activation, Phase, Stop, StopKind, TaskState


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
    if settle_late(draft, target, source):
        return False
    node, task = draft.node(target), draft.task(target)
    fired = task.fired if source in task.fired else (*task.fired, source)
    if len(fired) < needed(node):
        draft.change(target, fired=fired, late=())
        return False
    others = [other for other in node.sources if other not in fired]
    owed = task.owed + tuple(other for other in others if task.owed.count(other) < _under_way(draft, other))
    draft.change(target, fired=(), late=tuple(other for other in others if other not in owed), owed=owed)
    return True


def _under_way(draft: Draft, name: str) -> int:
    """The passes of a task that are yet to end, as far as they have been asked for."""
    task = draft.task(name)
    return task.queued + (task.current is not None)


def needed(node: TaskNode) -> int:
    return node.join if isinstance(node.join, int) else len(node.sources)


def settle_late(draft: Draft, target: str, source: str) -> bool:
    """`source` ended: True when that belongs to a pass of the join that has run, so nothing more is expected of it."""
    task = draft.task(target)
    if source in task.owed:
        place = task.owed.index(source)
        draft.change(target, owed=task.owed[:place] + task.owed[place + 1 :])
        return True
    if source in task.late:
        draft.change(target, late=tuple(other for other in task.late if other != source))
        return True
    return False


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
    is_due = task.current is not None or waits_for_others(draft.node(name), task)
    if is_due or (task.last is None and not nothing_follows):
        return Gate.WAIT
    return Gate.OPEN if _suffices(task, kind) else Gate.SKIP


def _suffices(task: TaskState, kind: DependencyType) -> bool:
    """Whether the way in which the task has ended, or never ran, is enough for the dependency."""
    if task.last is None:
        return kind is DependencyType.OPTIONAL
    return kind is not DependencyType.HARD or task.last.status is OutcomeStatus.SUCCEEDED


def is_refused(draft: Draft, node: TaskNode) -> bool:
    """Whether a dependency did not complete, now that the task's turn has come: it is skipped."""
    return not all(_suffices(draft.task(dep.task), dep.type) for dep in node.depends_on)


def release(draft: Draft, name: str, *, nothing_follows: bool = False) -> bool:
    """Activate a task whose dependencies are decided and that waits for nothing else. True when it was."""
    node, task = draft.node(name), draft.task(name)
    if not waits_for_others(node, task) or gate(draft, node, nothing_follows=nothing_follows) is Gate.WAIT:
        return False
    draft.change(name, queued=max(0, task.queued - 1))
    activate(draft, name)
    return True


def waits_for_others(node: TaskNode, task: TaskState) -> bool:
    """Whether nothing but the tasks that it depends on keeps it from running."""
    due = task.queued > 0 or (not node.sources and task.activations == 0)
    return bool(node.depends_on) and due and task.current is None
