"""Why a run is where it is, in sentences: what each task waits for, and which ways were not taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from attune_core.definition.graph import Graph
from attune_core.model.status import ExecutionStatus, OutcomeStatus
from attune_core.workflow import explain_ways, explain_work
from attune_core.workflow.phrases import counted, ended, listed, short, told
from attune_core.workflow.signals import TimerKind
from attune_core.workflow.state import Phase, RunState, StopKind
from attune_core.workflow.surroundings import SetAside, Surroundings
from attune_core.workflow.trail import Trail

_BAD = (OutcomeStatus.FAILED, OutcomeStatus.TIMED_OUT, OutcomeStatus.CANCELLED)
_S = ExecutionStatus


class About(StrEnum):
    """What a sentence is about."""

    RUN = "run"
    WORK = "work"
    TURN = "turn"
    WAY = "way"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class Sentence:
    """`task`: the task it is about; None for the run as a whole."""

    about: About
    text: str
    task: str | None = None


def explain(graph: Graph, state: RunState, trail: Trail, around: Surroundings) -> list[Sentence]:
    """The run first, then its tasks in the order of the definition: what is under way, what waits, what did not run."""
    found = [Sentence(About.RUN, text) for text in _run(graph, state, around)]
    for name, node in graph.tasks.items():
        task = state.task(name)
        found += [Sentence(About.WORK, text, name) for text in explain_work.current(node, state, around)]
        found += [Sentence(About.TURN, text, name) for text in explain_ways.turn(graph, node, state)]
        if task.current is None and task.last is not None:
            found += [Sentence(About.OUTCOME, text, name) for text in _outcome(graph, state, name)]
        if task.current is None and task.last is None:
            found += [Sentence(About.WAY, text, name) for text in explain_ways.never(graph, node, state, trail)]
        found += [Sentence(About.WAY, text, name) for text in explain_ways.refused(graph, node, state, trail)]
    return found


def _run(graph: Graph, state: RunState, around: Surroundings) -> Iterator[str]:
    yield _status(state)
    if around.set_aside is not None and not state.status.is_final:
        yield from _set_aside(around.set_aside)
    if not state.status.is_final and state.stop is not None:
        yield _stopping(state)
    for kind in around.asked:
        yield f"A request to {kind} it is stored and not taken up yet: no executor has looked at it."
    due = next((each for each in around.timers if each.kind is TimerKind.RUN_TIMEOUT), None)
    if due is not None and not state.status.is_final:
        left = (due.due_at - around.now).total_seconds()
        yield explain_work.run_timeout(graph.timeout, left, held=due.held)


def _set_aside(why: SetAside) -> Iterator[str]:
    yield f"It is set aside until an operator resolves incident {why.incident}: {short(why.error)}."
    command = f"attune incident resolve {why.incident}"
    yield f"When the cause is gone, `{command}` lets it go on; `{command} --cancel` ends it."


def _status(state: RunState) -> str:
    begun = (task.current for task in state.tasks.values() if task.current is not None)
    going = counted(sum(current.phase is not Phase.READY for current in begun), "task")
    tried = f" This is try {state.tries}." if state.tries > 1 else ""
    match state.status:
        case _S.REQUESTED | _S.SCHEDULING:
            return "The run has not begun: no executor has taken it up yet."
        case _S.PAUSING:
            return f"The run is pausing: nothing new starts, {going} still under way.{tried}"
        case _S.PAUSED:
            return f"The run is paused: nothing starts until it is resumed.{tried}"
        case _S.WAITING:
            return f"Nothing of the run is being worked on: it waits.{tried}"
        case _S.CANCELING:
            return f"The run is being ended early: it is over when {going} under way stopped.{tried}"
        case _S.COMPLETED:
            return f"The run completed.{tried}"
        case _S.FAILED | _S.TIMEOUT | _S.CANCELLED:
            words = {_S.FAILED: "failed", _S.TIMEOUT: "ran out of time", _S.CANCELLED: "was cancelled"}
            return f"The run {words[state.status]}: {told(state.failure)}.{tried}"
        case _:
            return f"The run goes on: {going} under way.{tried}"


def _stopping(state: RunState) -> str:
    assert state.stop is not None
    match state.stop.kind:
        case StopKind.COMPLETE:
            return "A transition to `complete` was taken: no further task starts."
        case StopKind.CANCEL | StopKind.TIMEOUT | StopKind.LIMIT:
            return f"No further task starts: {told(state.stop.error)}."
        case _:
            return f"No further task starts, because the run has failed: {told(state.stop.error)}."


def _outcome(graph: Graph, state: RunState, name: str) -> Iterator[str]:
    last, node = state.task(name).last, graph.tasks[name]
    if last is None:
        return
    if last.status is OutcomeStatus.SKIPPED:
        yield explain_ways.skipped(node, state)
    if last.status in _BAD:
        tries = f" after {counted(last.attempt, 'attempt')}" if last.attempt > 1 else ""
        handled = "" if last.handled or last.status is OutcomeStatus.CANCELLED else ", and no transition handles that"
        yield f"`{name}` {ended(last.status)}{tries}: {told(last.error)}{handled}."
        bad = [child for child in node.children if (end := state.task(child).last) and end.status in _BAD]
        if bad:
            yield f"`{name}` failed because of {listed(bad)}."
