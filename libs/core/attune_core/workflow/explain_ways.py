"""Why a task has not had its turn: joins, dependencies, transitions that did not fire, what conditions gave."""

from __future__ import annotations

from collections.abc import Iterator

from attune_core.definition.graph import Dependency, DependencyType, Graph, Route, RouteOn, TaskNode
from attune_core.model.status import OutcomeStatus
from attune_core.workflow.activation import needed, waits_for_others
from attune_core.workflow.phrases import ended, listed, short
from attune_core.workflow.state import RunState
from attune_core.workflow.trail import Ending, Trail

_WORDS = {
    RouteOn.SUCCEEDED: "success",
    RouteOn.FAILED: "failure",
    RouteOn.TIMED_OUT: "timeout",
    RouteOn.SKIPPED: "skipping",
}
_LISTENS = {
    OutcomeStatus.SUCCEEDED: RouteOn.SUCCEEDED,
    OutcomeStatus.FAILED: RouteOn.FAILED,
    OutcomeStatus.TIMED_OUT: RouteOn.TIMED_OUT,
    OutcomeStatus.SKIPPED: RouteOn.SKIPPED,
}


def turn(graph: Graph, node: TaskNode, state: RunState) -> Iterator[str]:
    """A join that is met in part, a dependency that is open, further passes that wait."""
    task = state.task(node.name)
    if task.fired:
        missing = [source for source in node.sources if source not in task.fired]
        places = "; ".join(_source(source, state) for source in missing)
        wanted = "all" if node.join == "all" else str(needed(node))
        yield (
            f"`{node.name}` joins {wanted} of {len(node.sources)} sources: {listed(task.fired)} fired to it, "
            f"{listed(missing)} did not ({places})."
        )
    if task.queued and task.current is not None:
        yield f"`{node.name}`: {task.queued} more to come, one pass after the other."
    unmet = _unmet(node, state) if waits_for_others(node, task) else []
    if unmet:
        yield f"`{node.name}` waits for {'; '.join(unmet)}."


def _unmet(node: TaskNode, state: RunState) -> list[str]:
    return [text for each in node.depends_on if (text := _open(each, state))]


def _source(name: str, state: RunState) -> str:
    task = state.task(name)
    if task.current is not None:
        return f"`{name}` has not ended"
    if task.last is None:
        return f"`{name}` has not run"
    return f"`{name}` {ended(task.last.status)}"


def _open(dependency: Dependency, state: RunState) -> str:
    """Why a dependency is not met; empty when it is."""
    task = state.task(dependency.task)
    met = task.current is None and task.last is not None
    if met and (dependency.type is not DependencyType.HARD or _succeeded(state, dependency.task)):
        return ""
    return f"`{dependency.task}` ({dependency.type.value}), which {_source(dependency.task, state).partition('` ')[2]}"


def _succeeded(state: RunState, name: str) -> bool:
    last = state.task(name).last
    return last is not None and last.status is OutcomeStatus.SUCCEEDED


def skipped(node: TaskNode, state: RunState) -> str:
    unmet = _unmet(node, state)
    if unmet:
        return f"`{node.name}` was skipped: it depends on {'; '.join(unmet)}."
    condition = "" if node.when is None else f" `{short(str(node.when.source))}`"
    return f"`{node.name}` was skipped: its `when`{condition} gave false."


def never(graph: Graph, node: TaskNode, state: RunState, trail: Trail) -> Iterator[str]:
    """Why a task has never had a turn. Sub-tasks have theirs with their block."""
    if node.block is not None or state.task(node.name).fired or not node.sources:
        return
    reasons = [_no_turn(graph.tasks[source], node.name, state, trail) for source in node.sources]
    verb = "did not run" if state.status.is_final else "has not started"
    yield f"`{node.name}` {verb}: {'; '.join(reasons)}."


def _no_turn(source: TaskNode, target: str, state: RunState, trail: Trail) -> str:
    endings = trail.get(source.name, ())
    if not endings:
        return _source(source.name, state)
    routes = [route for route in source.routes if target in route.targets]
    fired = [route.label for route in routes if route.label in endings[-1].fired]
    if fired:
        return f"`{source.name}` fired {fired[0]} to it"
    why = "; ".join(_not_fired(route, endings[-1]) for route in routes)
    return f"`{source.name}` {ended(endings[-1].status)}, and {why}"


def _not_fired(route: Route, ending: Ending) -> str:
    if route.label in ending.refused:
        return f"{route.label} did not fire: {_gave(route, ending.refused[route.label])}"
    on = _LISTENS.get(ending.status)
    if on is None or on not in route.on:
        return f"{route.label} follows only {' or '.join(word for key, word in _WORDS.items() if key in route.on)}"
    if route.exclusive:
        taken = [label for label in ending.fired if label.startswith(("decision", "on_success"))]
        return f"{route.label} was not asked, as {taken[0] if taken else 'another branch'} was taken before"
    return f"{route.label} was not asked"


def _gave(route: Route, verdict: str) -> str:
    if verdict == "false" and route.when is not None:
        return f"`{short(str(route.when.source))}` gave false"
    return short(verdict)


def refused(graph: Graph, node: TaskNode, state: RunState, trail: Trail) -> Iterator[str]:
    """Transitions that were asked and did not fire, to tasks that have run all the same or that are none."""
    endings = trail.get(node.name, ())
    if not endings:
        return
    for route in node.routes:
        verdict = endings[-1].refused.get(route.label)
        told = [name for name in route.targets if name not in graph.tasks or state.task(name).activations > 0]
        if verdict is not None and told:
            place = f"The transition {route.label} of `{node.name}` to {listed(told)}"
            yield f"{place} did not fire: {_gave(route, verdict)}."
