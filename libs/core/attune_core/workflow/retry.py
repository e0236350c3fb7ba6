"""Retry of a run that ended badly: it goes on from its failed tasks, or from those that are named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attune_core.definition.graph import Graph, TaskKind, TaskNode
from attune_core.model.status import ExecutionStatus, OutcomeStatus
from attune_core.workflow import items
from attune_core.workflow.activation import activate
from attune_core.workflow.commands import SetTimer
from attune_core.workflow.draft import Draft
from attune_core.workflow.signals import RetryRequested, TimerKind
from attune_core.workflow.state import Activation, Ended, ItemCounts, Phase, TaskState

RETRYABLE = (ExecutionStatus.FAILED, ExecutionStatus.TIMEOUT, ExecutionStatus.CANCELLED)
_ENDED_BADLY = (OutcomeStatus.FAILED, OutcomeStatus.TIMED_OUT, OutcomeStatus.CANCELLED)


def retry(draft: Draft, signal: RetryRequested) -> bool:
    """False when there is nothing to run again. Errors: FactsMissing."""
    if draft.status not in RETRYABLE:
        return False
    names = to_retry(draft.graph, draft.tasks, signal.tasks)
    if not names and not draft.ready:
        return False
    _reopen(draft)
    for name in names:
        _run_again(draft, draft.node(name), reset_items=signal.reset_items)
    return True


def to_retry(graph: Graph, tasks: Mapping[str, TaskState], wanted: Iterable[str] = ()) -> list[str]:
    """The tasks that run again: those wanted, else those whose failure ended the run, else all that ended badly.

    Of a parallel block only the sub-tasks that ended badly. A task that is to run anyway is left out.
    """
    named = [name for name in wanted if name in graph.tasks]
    chosen = named or [part for name in _failed(graph, tasks) for part in _parts(graph, tasks, name)]
    return [name for name in dict.fromkeys(chosen) if not _runs_anyway(graph, tasks, name)]


def _runs_anyway(graph: Graph, tasks: Mapping[str, TaskState], name: str) -> bool:
    """It is under way, or a block around it is about to begin."""
    current = tasks[name].current if name in tasks else None
    if current is not None:
        return True
    block = graph.tasks[name].block
    return block is not None and _begins(graph, tasks, block)


def _begins(graph: Graph, tasks: Mapping[str, TaskState], block: str) -> bool:
    current = tasks[block].current if block in tasks else None
    outer = graph.tasks[block].block
    return (current is not None and current.phase is Phase.READY) or (
        outer is not None and _begins(graph, tasks, outer)
    )


def _failed(graph: Graph, tasks: Mapping[str, TaskState]) -> list[str]:
    bad = {name: last for name, last in _ended_badly(tasks, tasks) if graph.tasks[name].block is None}
    return [name for name, last in bad.items() if not last.handled] or list(bad)


def _parts(graph: Graph, tasks: Mapping[str, TaskState], name: str) -> Iterator[str]:
    """The task itself; for a block, what failed in it, inner blocks opened alike."""
    bad = [child for child, _ in _ended_badly(tasks, graph.tasks[name].children)]
    for child in bad:
        yield from _parts(graph, tasks, child)
    if not bad:
        yield name


def _ended_badly(tasks: Mapping[str, TaskState], names: Iterable[str]) -> Iterator[tuple[str, Ended]]:
    for name in names:
        last = tasks[name].last if name in tasks else None
        if last is not None and last.status in _ENDED_BADLY:
            yield name, last


def _reopen(draft: Draft) -> None:
    """A new try has the whole timeout and the whole limit of activations."""
    draft.status = ExecutionStatus.RUNNING
    draft.stop, draft.failure, draft.completed_at = None, None, None
    draft.tries += 1
    draft.activations = 0
    if draft.graph.timeout is not None:
        draft.emit(SetTimer(TimerKind.RUN_TIMEOUT, draft.graph.timeout))


def _run_again(draft: Draft, node: TaskNode, *, reset_items: bool) -> None:
    """A new pass; or, to keep the items that are done, the pass that has ended."""
    if node.block is not None:
        _open_block(draft, node.block)
    last = draft.task(node.name).last
    left = None if last is None or reset_items or node.kind is not TaskKind.ACTION else _unfinished(last)
    if node.iteration is not None and last is not None and left is not None:
        items.restart(draft, node, node.iteration, last, left)
    else:
        activate(draft, node.name)


def _unfinished(last: Ended) -> ItemCounts | None:
    """The counts of an iteration of which items failed or never ran."""
    counts = last.items
    if counts is None or last.status is OutcomeStatus.SUCCEEDED or not (counts.failures or counts.next < counts.total):
        return None
    return counts


def _open_block(draft: Draft, name: str) -> None:
    """A new pass of a block (and of the blocks around it) in which only what is activated runs."""
    block, task = draft.node(name), draft.task(name)
    if block.block is not None:
        _open_block(draft, block.block)
    if task.current is not None:
        return
    draft.activations += 1
    number = task.activations + 1
    current = Activation(number, Phase.OPEN, started_at=draft.facts.now)
    draft.change(name, current=current, activations=number)
