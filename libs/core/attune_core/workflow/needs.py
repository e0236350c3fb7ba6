"""Which facts the next decisions will most likely read, so that one visit to the store fetches them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from attune_core.definition.graph import Graph, TaskKind, TaskNode
from attune_core.expressions.references import NOTHING, References
from attune_core.model.record import record
from attune_core.workflow.item import FETCH_AHEAD, soon
from attune_core.workflow.routing import RESERVED
from attune_core.workflow.signals import RunStarted, Signal, TaskFinished, TimerFired, TimerKind
from attune_core.workflow.state import RunState


@record
class Needs:
    """`tasks`: passes whose results are read; `items`: (task, iteration, first index, count)."""

    tasks: frozenset[tuple[str, int]] = frozenset()
    kv: frozenset[str] = frozenset()
    items: frozenset[tuple[str, int, int, int]] = field(default_factory=frozenset)


def predict(graph: Graph, state: RunState, signals: Iterable[Signal]) -> Needs:
    """A guess that is never needed for correctness: what is missing raises FactsMissing."""
    finished: dict[str, int] = {}
    refilled: set[str] = set()
    reads = NOTHING
    for signal in signals:
        if isinstance(signal, RunStarted):
            reads |= _start_reads(graph, graph.start)
        elif isinstance(signal, TaskFinished):
            finished[signal.key.task] = finished.get(signal.key.task, 0) + 1
        elif isinstance(signal, TimerFired) and signal.kind is TimerKind.REFILL and signal.key is not None:
            refilled.add(signal.key.task)
    for name, times in finished.items():
        part = _reads(graph, name, ends=_ends(state, name, times))
        reads = part if reads is NOTHING else reads | part
    for name in refilled:
        reads |= _reads(graph, name, ends=False)
    if state.live <= len(finished) and graph.output_map is not None:
        reads |= graph.output_map.reads
    passes = _ended(graph, state, reads.task_results - finished.keys())
    return Needs(frozenset(passes), reads.kv_keys, frozenset(_windows(state, finished, refilled)))


def _reads(graph: Graph, name: str, *, ends: bool) -> References:
    """Found once per graph and task."""
    found = graph.known_reads.get((name, ends))
    if found is None:
        found = graph.known_reads[(name, ends)] = _end_reads(graph, name) if ends else _item_reads(graph, name)
    return found


def _ends(state: RunState, name: str, finished: int) -> bool:
    """Whether the task ends with so many ends of its items: only then its transitions are looked at."""
    current = state.task(name).current
    if current is None or current.items is None:
        return True
    counts = current.items
    return counts.live <= finished and (counts.stopping or (counts.next >= counts.total and not counts.redo))


def _item_reads(graph: Graph, name: str) -> References:
    """What the next items of an iteration read when they begin."""
    node = graph.tasks.get(name)
    reads = NOTHING
    for part in () if node is None else (node.input, node.when, node.timeout, node.delay):
        if part is not None:
            reads |= part.reads
    return reads


def _ended(graph: Graph, state: RunState, names: Iterable[str]) -> Iterator[tuple[str, int]]:
    """The passes that the names stand for; a block stands for its sub-tasks."""
    for name in names:
        node = graph.tasks.get(name)
        for part in node.children or (name,) if node is not None else ():
            last = state.task(part).last
            if last is not None:
                yield part, last.iteration


def _end_reads(graph: Graph, name: str) -> References:
    node = graph.tasks.get(name)
    if node is None:
        return NOTHING
    reads = NOTHING
    for entry in node.publish:
        reads |= entry.value.reads
    targets: list[str] = list(graph.dependents.get(name, ()))
    for route in node.routes:
        targets.extend(route.targets)
        reads |= NOTHING if route.when is None else route.when.reads
        for entry in route.publish:
            reads |= entry.value.reads
    if node.iteration is not None:
        reads |= _item_reads(graph, name)
    return reads | _start_reads(graph, targets)


def _start_reads(graph: Graph, names: Iterable[str]) -> References:
    """What the named tasks read when they begin, through tasks that end at once (noops, blocks)."""
    reads, seen, agenda = NOTHING, set[str](), list(names)
    while agenda:
        name = agenda.pop()
        node = graph.tasks.get(name)
        if name in seen or name in RESERVED or node is None:
            continue
        seen.add(name)
        for part in _begin_parts(node):
            reads |= part
        if node.kind is TaskKind.NOOP:
            agenda.extend(target for route in node.routes for target in route.targets)
        agenda.extend(node.children)
    return reads


def _begin_parts(node: TaskNode) -> Iterator[References]:
    if node.when is not None:
        yield node.when.reads
    for value in (node.input, node.timeout, node.delay):
        if value is not None:
            yield value.reads
    if node.iteration is not None:
        yield node.iteration.items.reads
    if node.kind is TaskKind.NOOP:
        for entry in node.publish:
            yield entry.value.reads


def _windows(
    state: RunState, finished: Mapping[str, int], refilled: Iterable[str]
) -> Iterator[tuple[str, int, int, int]]:
    """Each end gives room for one item, or for two while the window grows."""
    for name in {*finished, *refilled}:
        current = state.task(name).current
        if current is not None and current.items is not None and current.items.next < current.items.total:
            counts = current.items
            count = max(soon(counts), finished.get(name, 0) + FETCH_AHEAD)
            yield name, current.iteration, counts.next, min(count, counts.total - counts.next)
