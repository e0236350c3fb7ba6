"""What a task under way waits for: a worker, a timer, people, a subworkflow, its items, its sub-tasks."""

from __future__ import annotations

from collections.abc import Iterator

from attune_core.definition.graph import TaskNode
from attune_core.model.status import ExecutionStatus
from attune_core.workflow.phrases import counted, listed, short, since, span, told, until
from attune_core.workflow.signals import TimerKind
from attune_core.workflow.state import Activation, ItemCounts, Phase, RunState
from attune_core.workflow.surroundings import Due, Question, Surroundings, Turn, Work

_PAUSED = (ExecutionStatus.PAUSING, ExecutionStatus.PAUSED)
_SHOWN = 5


def current(node: TaskNode, state: RunState, around: Surroundings) -> Iterator[str]:
    """Nothing for a task that is not under way."""
    activation = state.task(node.name).current
    if activation is None:
        return
    match activation.phase:
        case Phase.READY:
            yield _ready(node.name, state)
        case Phase.OPEN:
            left = [child for child in node.children if state.task(child).current is not None]
            yield f"`{node.name}` ends when its sub-tasks have ended: {listed(left)} not yet."
        case Phase.WAITING | Phase.RUNNING:
            if activation.items is not None:
                yield from _items(node.name, activation.items, state, around)
            else:
                yield _single(node, activation, around)
                yield from _failed_before(f"`{node.name}`", around.work_of(node.name)[:1])


def run_timeout(timeout: float | None, left: float, *, held: bool) -> str:
    limit = "" if timeout is None else f" of {timeout:g} s"
    if held:
        return f"Its timeout{limit} stands still while it is paused."
    return f"Its timeout{limit} ends it in {span(left)} at the latest."


def _ready(name: str, state: RunState) -> str:
    if state.stop is not None:
        return f"`{name}` was to start and does not, because the run is ending."
    if state.status in _PAUSED:
        return f"`{name}` is ready; it starts when the run is resumed."
    return f"`{name}` is ready and starts with the next decision."


def _single(node: TaskNode, activation: Activation, around: Surroundings) -> str:
    works = around.work_of(node.name)
    due = around.timer_of(node.name)
    if activation.phase is Phase.WAITING and due is not None:
        return f"`{node.name}` waits for {_timer(due, around)}."
    if not works:
        return f"`{node.name}` is under way{since(activation.started_at, around.now)}."
    return f"`{node.name}` {_work(works[0], around)}."


def _failed_before(whose: str, works: tuple[Work, ...]) -> Iterator[str]:
    """Why it is tried again."""
    for work in works:
        if work.failed_with is not None:
            yield f"{whose}: the last attempt failed: {told(work.failed_with)}."


def _timer(due: Due, around: Surroundings) -> str:
    what = "the end of its delay" if due.kind is TimerKind.DELAY else f"attempt {due.attempt}"
    if due.held:
        return f"{what}: the timer stands still while the run is paused"
    return f"{what}, which is due {until(due.due_at, around.now)}"


def _work(work: Work, around: Surroundings) -> str:
    """What an execution does or waits for, to follow the name of its task."""
    question, child = around.question_of(work.execution), around.child_of(work.execution)
    number = f"execution {work.execution}"
    tries = f", attempt {work.attempt} of {work.most}" if work.most > 1 or work.attempt > 1 else ""
    if question is not None:
        return _asked(question, around)
    if child is not None:
        return f"waits for its workflow execution {child.run}, which is {child.status.value} ({number}{tries})"
    if work.cancelling:
        place = f"worker {work.worker}" if work.worker else "whoever runs it"
        return f"is being cancelled: {place} was told to stop ({number})"
    match work.status:
        case ExecutionStatus.SCHEDULING if (turn := around.turn_of(work.execution)) is not None:
            return f"{_turn(turn, around)} ({number}{tries})"
        case ExecutionStatus.REQUESTED | ExecutionStatus.SCHEDULING:
            return f"waits for an executor to start it ({number}{tries})"
        case ExecutionStatus.SCHEDULED:
            pool = work.pool or "default"
            nobody = "" if work.served else ", which no worker serves"
            return f"waits for a worker of the pool `{pool}`{nobody}{since(work.since, around.now)} ({number}{tries})"
        case ExecutionStatus.RUNNING:
            return f"runs on worker {work.worker or '?'}{since(work.since, around.now)} ({number}{tries})"
        case _:
            return f"is {work.status.value}{since(work.since, around.now)} ({number}{tries})"


def _turn(turn: Turn, around: Surroundings) -> str:
    group = f" for {short(turn.group, 80)!r}" if turn.group else ""
    match turn.kind:
        case "retry":
            due = "" if turn.due_at is None else f", due {until(turn.due_at, around.now)}"
            return f"waits for its next attempt by the policy {turn.policy}{due}"
        case "rate":
            return f"waits for the rate limit of the policy {turn.policy}{group}: number {turn.position} in line"
        case _:
            return f"waits for its turn by the policy {turn.policy}{group}: number {turn.position} in line"


def _asked(question: Question, around: Surroundings) -> str:
    people = listed(question.assigned_to, "or") if question.assigned_to else "anyone who may run things"
    end = "" if question.timeout_at is None else f", until {until(question.timeout_at, around.now)}"
    prompt = short(question.prompt, 80)
    return f"waits for {people} to answer inquiry {question.inquiry}, “{prompt}”{end}"


def _items(name: str, counts: ItemCounts, state: RunState, around: Surroundings) -> Iterator[str]:
    ended = counts.succeeded + counts.skipped + counts.failures - counts.redo
    bad = f", {counts.failures - counts.redo} of them badly" if counts.failures > counts.redo else ""
    going = f"{counted(counts.live, 'item')} under way" + (f" ({counts.waiting} on a timer)" if counts.waiting else "")
    yield f"`{name}`: {ended} of {counts.total} items have ended{bad}, {going}."
    left = counts.total - counts.next + counts.redo
    if left:
        yield f"`{name}`: {_left(counts, left, state)}"
    for work in around.work_of(name)[:_SHOWN]:
        due = around.timer_of(name, work.index)
        doing = f"waits for {_timer(due, around)}" if due is not None else _work(work, around)
        yield f"`{name}`, item {work.index}, {doing}."
        yield from _failed_before(f"`{name}`, item {work.index}", (work,))


def _left(counts: ItemCounts, left: int, state: RunState) -> str:
    again = f", {counts.redo} of them once more" if left > 1 and counts.redo else " once more" if counts.redo else ""
    what = f"{left} items are still to run{again}" if left > 1 else f"one item is still to run{again}"
    if counts.stopping:
        return f"{what}, and will not: more items have failed than are tolerated."
    if state.stop is not None:
        return f"{what}, and will not, because the run is ending."
    if state.status in _PAUSED:
        return f"{what}, when the run is resumed."
    return f"{what}: at most {counts.limit} run at once."
