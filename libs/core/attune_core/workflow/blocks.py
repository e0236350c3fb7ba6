"""Parallel blocks: the sub-tasks start together, the block ends when all have ended."""

from __future__ import annotations

from attune_core.definition.graph import TaskNode
from attune_core.model.outcome import Outcome
from attune_core.model.status import OutcomeStatus
from attune_core.workflow import items
from attune_core.workflow.activation import activate
from attune_core.workflow.commands import CancelAction
from attune_core.workflow.draft import Draft
from attune_core.workflow.ending import end_task
from attune_core.workflow.signals import TaskKey
from attune_core.workflow.state import Ended, Phase

_GOOD = (OutcomeStatus.SUCCEEDED, OutcomeStatus.SKIPPED)


def start(draft: Draft, node: TaskNode) -> None:
    for child in node.children:
        activate(draft, child)


def child_ended(draft: Draft, child: str) -> None:
    """End the block when this was its last sub-task; with `fail_fast`, stop the others on the first failure."""
    block = draft.node(child).block
    if block is None or draft.task(block).current is None:
        return
    node = draft.node(block)
    if node.fail_fast and _failed(draft, child):
        _stop_others(draft, node)
    if all(draft.task(name).current is None for name in node.children):
        _end(draft, node)


def _failed(draft: Draft, child: str) -> bool:
    last = draft.task(child).last
    return last is not None and last.status not in _GOOD


def _stop_others(draft: Draft, node: TaskNode) -> None:
    for name in node.children:
        current = draft.task(name).current
        if current is None:
            continue
        if current.phase is Phase.READY:
            draft.ready.remove(name)
            end_task(draft, name, Outcome.cancelled(f"another sub-task of {node.name} failed (fail_fast)"))
        elif current.phase is Phase.OPEN:
            _stop_others(draft, draft.node(name))
        else:
            draft.emit(CancelAction(TaskKey(name, current.iteration)))
            _start_no_item(draft, draft.node(name))


def _start_no_item(draft: Draft, node: TaskNode) -> None:
    current = draft.task(node.name).current
    if node.iteration is not None and current is not None and current.items is not None:
        items.stop(draft, node, node.iteration)


def close_empty(draft: Draft) -> bool:
    """The run starts nothing any more: a block of which nothing runs ends too. True when one did."""
    for name in [name for name, task in draft.tasks.items() if task.current and task.current.phase is Phase.OPEN]:
        current = {child: each for child in draft.node(name).children if (each := draft.task(child).current)}
        if any(each.phase is not Phase.READY for each in current.values()):
            continue
        for child in current:
            draft.ready.remove(child)
        for ended in current or [name]:
            end_task(draft, ended, Outcome.cancelled("the run ended before it had run"))
        return True
    return False


def _end(draft: Draft, node: TaskNode) -> None:
    ended = [(name, draft.task(name).last) for name in node.children]
    failed = [(name, last) for name, last in ended if last is not None and last.status not in _GOOD]
    if not failed:
        end_task(draft, node.name, Outcome.succeeded())
        return
    if draft.stop is not None and all(last.status is OutcomeStatus.CANCELLED for _, last in failed):
        end_task(draft, node.name, Outcome.cancelled(f"{node.name} was stopped before all of its sub-tasks had run"))
        return
    name, last = min(failed, key=_order)
    details = {"task": name, "error": last.error, "failed_count": len(failed)}
    end_task(draft, node.name, Outcome.failed("parallel_failed", f"sub-task {name} {last.status}", **details))


def _order(failure: tuple[str, Ended]) -> tuple[bool, str]:
    """The failure that caused the others first: cancelled ones are its consequence."""
    name, last = failure
    return last.status is OutcomeStatus.CANCELLED, last.completed_at.isoformat() if last.completed_at else name
