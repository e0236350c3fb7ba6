"""Retry of a run that ended badly: it goes on from its failed tasks, or from those that are named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from attune_core.definition.graph import Graph, TaskNode
from attune_core.model.status import ExecutionStatus, OutcomeStatus
from attune_core.workflow import items
from attune_core.workflow.activation import Gate, activate, gate, release, waits_for_others
from attune_core.workflow.commands import SetTimer
from attune_core.workflow.draft import Draft
from attune_core.workflow.signals import RetryRequested, TimerKind
from attune_core.workflow.state import NEVER, Activation, Ended, ItemCounts, Phase, TaskState

RETRYABLE = (ExecutionStatus.FAILED, ExecutionStatus.TIMEOUT, ExecutionStatus.CANCELLED)
_ENDED_BADLY = (OutcomeStatus.FAILED, OutcomeStatus.TIMED_OUT, OutcomeStatus.CANCELLED)


def retry(draft: Draft, signal: RetryRequested) -> bool:
    """False when there is nothing to run again. Errors: FactsMissing."""
    if draft.status not in RETRYABLE:
        return False
    if not has_more_to_do(draft.graph, draft.tasks, draft.ready, signal.tasks):
        return False
    names = to_retry(draft.graph, draft.tasks, signal.tasks)
    _reopen(draft)
    due = _skipped_for(draft, names)
    for name in names:
        _run_again(draft, draft.node(name), reset_items=signal.reset_items)
    for name in due:
        draft.change(name, queued=draft.task(name).queued + 1)
    for name in [name for name, node in draft.graph.tasks.items() if node.depends_on]:
        release(draft, name)
    return True


def has_more_to_do(
    graph: Graph, tasks: Mapping[str, TaskState], ready: Collection[str], wanted: Iterable[str] = ()
) -> bool:
    """Whether a retry would run anything: again, or what the end of the run has kept from running."""
    waiting = (waits_for_others(node, tasks.get(name, NEVER)) for name, node in graph.tasks.items())
    return bool(ready or to_retry(graph, tasks, wanted)) or any(waiting)


def _skipped_for(draft: Draft, again: Iterable[str]) -> list[str]:
    """The tasks that were skipped because a task that runs again, or one of these, had not completed."""
    found, agenda = dict.fromkeys(again), list(again)
    wanted = len(found)
    while agenda:
        for name in draft.graph.dependents.get(agenda.pop(), ()):
            task = draft.task(name)
            skipped = task.current is None and task.last is not None and task.last.status is OutcomeStatus.SKIPPED
            if name not in found and skipped and gate(draft, draft.node(name)) is Gate.SKIP:
                found[name] = None
                agenda.append(name)
    return list(found)[wanted:]


def to_retry(graph: Graph, tasks: Mapping[str, TaskState], wanted: Iterable[str] = ()) -> list[str]:
    """The tasks that run again: those wanted, else those whose failure ended the run, else all that ended badly.

    Of a parallel block only the sub-tasks that ended badly. A task that is to run anyway is left out.
    """
    named = [name for name in wanted if name in graph.tasks]
    chosen = named or [part for name in _failed(graph, tasks) for part in _parts(graph, tasks, name)]
    return [name for name in dict.fromkeys(chosen) if not _runs_anyway(graph, tasks, name)]


def _runs_anyway(graph: Graph, tasks: Mapping[str, TaskState], name: str) -> bool:
    """It, or a block around it, is about to begin, and that pass is not one more than the one that ended badly."""
    task, block = tasks.get(name, NEVER), graph.tasks[name].block
    if task.current is not None:
        return not _owes_a_pass(task)
    return block is not None and _runs_anyway(graph, tasks, block)


def _owes_a_pass(task: TaskState) -> bool:
    """Whether its last pass came to nothing: whatever waits for another one has not asked for that."""
    return task.last is not None and task.last.status in _ENDED_BADLY and not task.last.handled


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
    """A new try has the whole timeout and the whole limits of activations and of the journal."""
    draft.status = ExecutionStatus.RUNNING
    draft.stop, draft.failure, draft.completed_at = None, None, None
    draft.tries += 1
    draft.activations, draft.lines, draft.going_on = 0, 0, False
    if draft.time_limit is not None:
        draft.emit(SetTimer(TimerKind.RUN_TIMEOUT, draft.time_limit))


def _run_again(draft: Draft, node: TaskNode, *, reset_items: bool) -> None:
    """A new pass; or, to keep the items that are done, the pass that has ended. A pass that was ready follows it."""
    if node.block is not None:
        _open_block(draft, node.block)
    _put_back(draft, node.name)
    last = draft.task(node.name).last
    left = None if last is None or reset_items else _unfinished(last)
    if node.iteration is not None and last is not None and left is not None:
        items.restart(draft, node, node.iteration, last, left)
    else:
        activate(draft, node.name)


def _put_back(draft: Draft, name: str) -> None:
    """The pass that is ready has its turn, and its number, after one that is made up for."""
    task = draft.task(name)
    if task.current is not None and task.current.phase is Phase.READY:
        draft.ready.remove(name)
        draft.change(name, current=None, queued=task.queued + 1, activations=task.activations - 1)


def _unfinished(last: Ended) -> ItemCounts | None:
    """The counts of an iteration of which items failed or never ran."""
    counts = last.items
    if counts is None or last.status is OutcomeStatus.SUCCEEDED or not (counts.failures or counts.next < counts.total):
        return None
    return counts


def _open_block(draft: Draft, name: str) -> None:
    """A new pass of a block (and of the blocks around it) in which only what is activated runs."""
    block = draft.node(name)
    if block.block is not None:
        _open_block(draft, block.block)
    _put_back(draft, name)
    task = draft.task(name)
    if task.current is not None:
        return
    draft.activations += 1
    number = task.activations + 1
    current = Activation(number, Phase.OPEN, started_at=draft.facts.now)
    draft.change(name, current=current, activations=number)
